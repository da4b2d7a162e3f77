import { readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { REPOSITORY } from "../local/stack/paths.ts";
import type { EndedRun } from "../shared/state/run.ts";
import { type BenchService, startBenchService } from "./bench-service.ts";
import { finishedRun } from "./finished-run.ts";
import { type Report, spreadOf } from "./report.ts";

const rounds = 5;

/** Jobs of a ridge sweep over six alphas: two, and two for each alpha. */
const jobs = 14;

const seconds = ({ startedAt, endedAt }: EndedRun) => (Date.parse(endedAt) - Date.parse(startedAt)) / 1000;

/** The product's ridge sweep, and the same with all jobs on Batch. */
async function startService(): Promise<BenchService> {
  const file = "pipelines/ridge-sweep.ts";
  return startBenchService({
    index: `import { ridgeSweepOnBatch } from "../test/e2e/product/on-batch.ts";
      import { ridgeSweep } from "./ridge-sweep.ts";
      export const pipelines = [ridgeSweep, ridgeSweepOnBatch];`,
    sources: ["test/e2e/product/on-batch.ts"],
    files: { [file]: readFileSync(join(REPOSITORY, file), "utf8") },
  });
}

/** Makes the function's process start anew with its next call, as after a change of its code. */
function cool({ serviceDir }: BenchService): void {
  const now = new Date();
  utimesSync(join(serviceDir, "batch-jobs", "ridge", "jobs.py"), now, now);
}

/** How long a ridge sweep takes where its jobs run on Lambda and on Batch, in turns on one local stack. */
export async function measureJobPlaces(): Promise<Report> {
  const service = await startService();
  const taken = { warm: [] as number[], cold: [] as number[], batch: [] as number[] };
  try {
    const sweep = async (name: string) => {
      const { run } = await finishedRun(service, name, {});
      return seconds(run);
    };
    // The first run of each starts the engine's workers.
    await sweep("ridge-sweep-on-batch");
    await sweep("ridge-sweep");
    for (let round = 0; round < rounds; round += 1) {
      taken.batch.push(await sweep("ridge-sweep-on-batch"));
      cool(service);
      taken.cold.push(await sweep("ridge-sweep"));
      taken.warm.push(await sweep("ridge-sweep"));
    }
  } finally {
    await service.stop();
  }
  const row = (what: string, values: readonly number[]) => [what, values.length, spreadOf(values)];
  return {
    tables: [
      {
        title: `A ridge sweep with its ${jobs} jobs, on the local stack`,
        columns: ["jobs run on", "runs", "seconds"],
        rows: [row("Lambda, warm", taken.warm), row("Lambda, cold", taken.cold), row("Batch", taken.batch)],
        notes: [
          "From the run's start to its end by the functions' own clock; median (min–max), in turns. The engine is warm.",
          "Cold: each process of the family's function starts anew, and imports scikit-learn anew. Batch: each job does.",
        ],
      },
    ],
    overBudget: [],
  };
}
