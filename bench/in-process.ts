import type { Pipeline } from "../shared/pipeline/index.ts";
import type { Json } from "../shared/pipeline/json.ts";
import { startRun } from "../shared/run/start-run.ts";
import { MemoryEngine } from "../shared/testing/memory-engine.ts";
import { chain, chainLength, jobs, relay, wide } from "./pipelines.ts";
import { type Report, type Spread, spreadOf } from "./report.ts";

const standIns = { "bench.place": (input: Json) => input };

/** Runs a pipeline to its end in a new engine, and returns how many milliseconds it took. */
async function runOnce(pipeline: Pipeline, params: Json): Promise<number> {
  const memory = new MemoryEngine([pipeline], standIns);
  const start = performance.now();
  const { runId } = await startRun(memory.engine, {
    pipeline: pipeline.name,
    params,
    cause: { kind: "manual" },
    causeKey: "bench",
  });
  const run = await memory.finish(runId);
  if (run.state !== "SUCCEEDED")
    throw new Error(`${pipeline.name} ended ${run.state}: ${run.error?.message}`);
  return performance.now() - start;
}

/** Milliseconds of the second map of {@link relay}, from its first child. */
async function relayOnce(size: number): Promise<number> {
  let began: number | undefined;
  const pipeline = relay(() => {
    began ??= performance.now();
  });
  await runOnce(pipeline, { size });
  return performance.now() - (began ?? Number.NaN);
}

async function often(times: number, once: () => Promise<number>): Promise<number[]> {
  const taken: number[] = [];
  for (let time = 0; time < times; time += 1) taken.push(await once());
  return taken;
}

/** Converts the milliseconds of a run to microseconds per step and to steps per second. */
function rates(milliseconds: readonly number[], steps: number): [perStep: Spread, perSecond: Spread] {
  return [
    spreadOf(milliseconds.map((each) => (each * 1000) / steps)),
    spreadOf(milliseconds.map((each) => (steps * 1000) / each)),
  ];
}

/** Measures some runs with 1,000 and with 10,000 children. The time per child should be the same. */
async function atSizes(what: string, once: (size: number) => Promise<number>) {
  const sizes = [
    { size: 1000, times: 7 },
    { size: 10_000, times: 3 },
  ];
  const rows = [];
  for (const { size, times } of sizes) {
    const taken = await often(times, () => once(size));
    rows.push({ what: `${what}, ${size.toLocaleString("en-US")}`, steps: size, taken });
  }
  return rows;
}

/** How fast the engine itself is: the same code as on AWS, with ports in memory. */
export async function measureInProcess(): Promise<Report> {
  await often(20, () => runOnce(chain, {}));
  await often(5, () => relayOnce(200));
  await often(5, () => runOnce(jobs, { size: 200 }));
  const rows = [
    { what: `chain of ${chainLength}`, steps: chainLength, taken: await often(50, () => runOnce(chain, {})) },
    ...(await atSizes("map over a step's list", (size) => runOnce(wide, { size }))),
    ...(await atSizes("map over a map's results", relayOnce)),
    ...(await atSizes("map of Batch jobs", (size) => runOnce(jobs, { size }))),
  ];
  const table = {
    title: "The engine in one process, on ports in memory",
    columns: ["", "runs", "µs a step", "steps a second"],
    rows: rows.map(({ what, steps, taken }) => [what, taken.length, ...rates(taken, steps)]),
    notes: [
      "Median (min–max) of the runs, after a warm-up. Steps do nothing; of a map only its children count as steps.",
      "Includes everything that testPipeline does to run a pipeline: claim, commit, join, dispatch, virtual time.",
    ],
  };
  return { tables: [table], overBudget: [] };
}
