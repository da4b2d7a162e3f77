import type { Pipeline } from "../shared/pipeline/index.ts";
import type { Json } from "../shared/pipeline/json.ts";
import { startRun } from "../shared/run/start-run.ts";
import { MemoryEngine } from "../shared/testing/test-pipeline.ts";
import { chain, chainLength, wide } from "./pipelines.ts";
import { type Report, type Spread, spreadOf } from "./report.ts";

/** Runs a pipeline to its end in an engine of its own, and returns the milliseconds that it took. */
async function runOnce(pipeline: Pipeline, params: Json): Promise<number> {
  const memory = new MemoryEngine([pipeline]);
  const start = performance.now();
  const cause = { kind: "manual" } as const;
  const { runId } = await startRun(memory.engine, {
    pipeline: pipeline.name,
    params,
    cause,
    causeKey: "bench",
  });
  const run = await memory.finish(runId);
  if (run.state !== "SUCCEEDED")
    throw new Error(`${pipeline.name} ended ${run.state}: ${run.error?.message}`);
  return performance.now() - start;
}

async function runOften(pipeline: Pipeline, params: Json, times: number): Promise<number[]> {
  const taken: number[] = [];
  for (let time = 0; time < times; time += 1) taken.push(await runOnce(pipeline, params));
  return taken;
}

/** Milliseconds of a run as microseconds a step, and as steps per second. */
function rates(milliseconds: readonly number[], steps: number): [perStep: Spread, perSecond: Spread] {
  return [
    spreadOf(milliseconds.map((each) => (each * 1000) / steps)),
    spreadOf(milliseconds.map((each) => (steps * 1000) / each)),
  ];
}

/** How fast the engine itself is: the same code as on AWS, on ports in memory. */
export async function measureInProcess(): Promise<Report> {
  await runOften(chain, {}, 20);
  await runOften(wide, { size: 200 }, 5);
  const rows = [
    { what: `chain of ${chainLength}`, steps: chainLength, taken: await runOften(chain, {}, 50) },
    { what: "map of 1,000", steps: 1000, taken: await runOften(wide, { size: 1000 }, 10) },
    { what: "map of 10,000", steps: 10_000, taken: await runOften(wide, { size: 10_000 }, 3) },
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
