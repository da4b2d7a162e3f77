import { type BenchService, startBenchService } from "./bench-service.ts";
import { finishedRun } from "./finished-run.ts";
import { stopOnInterrupt } from "./interrupt.ts";
import { longChains, wide } from "./pipelines.ts";
import { type PrefectServer, type Shape, startPrefect } from "./prefect-server.ts";
import { type Cell, type MeasureOptions, type Report, type Spread, spreadOf, type Table } from "./report.ts";

const sizes = [200, 1000];
const shapes: readonly Shape[] = ["chain", "map"];
const defaultRounds = 3;
/** Milliseconds between two checks whether everything is done, for both engines. */
const pollMs = 50;

/** One workload, and the milliseconds that each engine took in each round. */
type Comparison = {
  readonly shape: Shape;
  readonly tasks: number;
  readonly durable: number[];
  readonly client: number[];
  readonly millrace: number[];
};

async function millraceRun(service: BenchService, shape: Shape, tasks: number): Promise<number> {
  if (shape === "map") {
    return (await finishedRun(service, wide.name, { size: tasks }, pollMs)).milliseconds;
  }
  const chain = longChains.get(tasks);
  if (chain === undefined) throw new Error(`there is no chain of ${tasks}`);
  return (await finishedRun(service, chain.name, {}, pollMs)).milliseconds;
}

/** Runs every workload on one engine and then on the other, and repeats all of that in each round. */
async function compare(service: BenchService, prefect: PrefectServer, rounds: number): Promise<Comparison[]> {
  const comparisons = shapes.flatMap((shape) =>
    sizes.map((tasks): Comparison => ({ shape, tasks, durable: [], client: [], millrace: [] })),
  );
  // On both sides, the first runs start workers, fill caches and open connections.
  for (const shape of shapes) {
    await prefect.run(shape, 20);
    await millraceRun(service, shape, 200);
  }
  for (let round = 0; round < rounds; round += 1) {
    for (const { shape, tasks, durable, client, millrace } of comparisons) {
      const times = await prefect.run(shape, tasks);
      durable.push(times.durable);
      client.push(times.client);
      millrace.push(await millraceRun(service, shape, tasks));
    }
  }
  return comparisons;
}

const perTask = (milliseconds: readonly number[], tasks: number): Spread =>
  spreadOf(milliseconds.map((each) => each / tasks));

/** How many times longer Prefect took, round by round, because both runs of a round had the same conditions. */
function ratios(theirs: readonly number[], ours: readonly number[]): Spread {
  return spreadOf(theirs.map((each, round) => each / (ours[round] ?? Number.NaN)));
}

function rowOf({ shape, tasks, durable, client, millrace }: Comparison): Cell[] {
  return [
    `${shape} of ${tasks.toLocaleString("en-US")}`,
    perTask(durable, tasks),
    perTask(client, tasks),
    perTask(millrace, tasks),
    ratios(durable, millrace),
    ratios(client, millrace),
  ];
}

function tableOf(comparisons: readonly Comparison[], rounds: number): Table {
  return {
    title: "Trivial tasks on Prefect 3.8.8 and on Millrace, ms a task",
    columns: [
      "",
      "Prefect, durable",
      "Prefect, client",
      "Millrace",
      "durable / Millrace",
      "client / Millrace",
    ],
    rows: comparisons.map(rowOf),
    notes: [
      `Median (min–max) of ${rounds} rounds, taken in turns: Prefect, Millrace, Prefect, Millrace, … Ratios are of a round.`,
      "durable: from the flow's call until Prefect's API counts all its tasks COMPLETED. client: until the call returned,",
      "when the records of its tasks are still on their way. Millrace: from the call that starts the run until its end is",
      "read from the table; every step is durable before the next one begins. Both are asked every 50 ms.",
      "Prefect: its own server on SQLite, default settings but for telemetry, page and log shipping, which are off.",
      "Millrace: deployed by `sls deploy` to the local stack; every request to the emulated AWS goes over HTTP.",
    ],
  };
}

/** Compares Millrace on the local stack with Prefect on the same machine, in turns. */
export async function measureOrchestration({ rounds = defaultRounds }: MeasureOptions): Promise<Report> {
  const prefect = await startPrefect();
  const calm = stopOnInterrupt(prefect.stop);
  try {
    const service = await startBenchService();
    try {
      const comparisons = await compare(service, prefect, rounds);
      return { tables: [tableOf(comparisons, rounds)], overBudget: [] };
    } finally {
      await service.stop();
    }
  } finally {
    calm();
    await prefect.stop();
  }
}
