import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { groupMembers } from "../local/process/alive.mjs";
import { startRun } from "../shared/run/start-run.ts";
import { MemoryEngine } from "../shared/testing/memory-engine.ts";
import { type BenchService, startBenchService } from "./bench-service.ts";
import { finishedRun } from "./finished-run.ts";
import { wide } from "./pipelines.ts";
import type { Cell, MeasureOptions, Report } from "./report.ts";

const sizes = [1000, 10_000];
const megabyte = 1_000_000;
const sampleEvery = 500;

/** Children that weren't committed at their first attempt, by their states. Normally there are none. */
async function uncommitted(
  store: BenchService["store"],
  runId: string,
  size: number,
): Promise<readonly string[]> {
  const children = (await store.listSteps(runId, "child")).filter(({ index }) => index !== "map");
  const wrong = children.filter(({ state, attempt }) => state !== "SUCCEEDED" || attempt !== 1);
  const places = new Set(children.map(({ index }) => index));
  return [
    ...wrong.map(({ index, state, attempt }) => `child ${index} is ${state} at attempt ${attempt}`),
    ...(places.size === size ? [] : [`${places.size} of ${size} children have a record`]),
  ];
}

/** Megabytes of memory that a process has, as the system counts them (Linux). */
function residentMegabytes(pid: number): number {
  try {
    const [, kilobytes = "0"] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    return (Number(kilobytes) * 1024) / megabyte;
  } catch {
    return 0;
  }
}

const stackRecord = z.object({ pids: z.object({ ministack: z.int() }) });

/** Watches the largest of the functions' workers. The returned function stops that, and returns the largest size. */
function watchWorkers(stateDir: string): () => number {
  const { pids } = stackRecord.parse(JSON.parse(readFileSync(join(stateDir, "stack.json"), "utf8")));
  let maxWorkers = 0;
  const look = () => {
    const workers = groupMembers(pids.ministack).filter((pid) => pid !== pids.ministack);
    maxWorkers = Math.max(maxWorkers, ...workers.map(residentMegabytes));
  };
  const timer = setInterval(look, sampleEvery);
  return () => {
    clearInterval(timer);
    look();
    return maxWorkers;
  };
}

type Measured = { readonly row: Cell[]; readonly problems: readonly string[] };

async function inMemory(size: number): Promise<Measured> {
  const memory = new MemoryEngine([wide]);
  const heapBefore = process.memoryUsage().heapUsed;
  const start = performance.now();
  const { runId } = await startRun(memory.engine, {
    pipeline: wide.name,
    params: { size },
    cause: { kind: "manual" },
    causeKey: "bench",
  });
  await memory.finish(runId);
  const milliseconds = performance.now() - start;
  const grown = (process.memoryUsage().heapUsed - heapBefore) / megabyte;
  const problems = await uncommitted(memory.store, runId, size);
  return { row: ["in memory", size, milliseconds / size, undefined, grown], problems };
}

async function onStack(service: BenchService, size: number): Promise<Measured> {
  const maxWorkers = watchWorkers(service.stack.stateDir);
  const { run, milliseconds } = await finishedRun(service, wide.name, { size }, 1000);
  const problems = await uncommitted(service.store, run.runId, size);
  return { row: ["local stack", size, milliseconds / size, maxWorkers(), undefined], problems };
}

/**
 * Maps of 1,000 and of 10,000 children: each child is committed once, in the same time per child, with bounded memory.
 */
export async function measureMap10000({ rounds = 1 }: MeasureOptions): Promise<Report> {
  const measured: Measured[] = [];
  await inMemory(1000);
  for (const size of sizes) measured.push(await inMemory(size));
  const service = await startBenchService();
  try {
    await finishedRun(service, wide.name, { size: 1000 }, 1000);
    for (let round = 0; round < rounds; round += 1) {
      for (const size of sizes) measured.push(await onStack(service, size));
    }
  } finally {
    await service.stop();
  }
  const table = {
    title: "A map over a step's list",
    columns: ["", "children", "ms a child", "largest worker, MB", "heap grown by, MB"],
    rows: measured.map(({ row }) => row),
    notes: [
      "Every child has one record, SUCCEEDED at its first attempt; the command ends with 1 otherwise.",
      "Local stack: four workers of the step function; resident memory of the largest process among all functions' workers.",
      "In memory: what the engine's stand-ins keep of the whole run, and what is not collected yet, in one process.",
    ],
  };
  return { tables: [table], overBudget: measured.flatMap(({ problems }) => problems) };
}
