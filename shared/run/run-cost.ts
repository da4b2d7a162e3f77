import type { Graph, StepNode } from "../pipeline/graph.ts";
import { functionQueue, isSpotQueue } from "../pipeline/job.ts";
import { type DoneBy, doneBy } from "../pipeline/task-kinds.ts";
import type { Run } from "../state/run.ts";
import { hasJoined } from "../state/run.ts";
import { type Price, sumOfPrices } from "../state/spending.ts";
import {
  type FoundStep,
  hasEnded,
  type JobAttempt,
  lossesTo,
  maxJobAttempts,
  type StepOutline,
} from "../state/step-record.ts";
import { machineSeconds } from "./job-view.ts";
import { machinePrices, prices, spotDiscount } from "./prices.ts";

/** What something cost, in US dollars. */
export type CostView = {
  dollars: number;
  /** Whether the true cost may be higher: something still runs, or a part is no longer known. */
  atLeast: boolean;
};

/** An estimate for a run and for each of its steps, by name. */
export type RunCost = CostView & {
  steps: ReadonlyMap<string, CostView>;
};

/** What an estimate is based on, as a sentence for its readers. */
export const costBasis = `AWS's list prices in us-east-1 of 2026 (shared/run/prices.ts): of machines the share that a job asked for, on Spot less ${spotDiscount * 100}%; not their start and idle time, storage, traffic, nor runs of other pipelines`;

/** Megabytes of the step worker: `memorySize` of the function `step` in serverless.yml. */
export const stepWorkerMegabytes = 1024;

/** Megabytes of the worker for large steps: `stepLargeMemory` in serverless.yml. */
export const largeWorkerMegabytes = 3008;

/** What an attempt uses of the engine's services. */
type Units = {
  writes: number;
  reads: number;
  requests: number;
  invocations: number;
  puts: number;
  gets: number;
  logBytes: number;
};

/**
 * Units of one attempt, including the ends of maps and runs: `npm run bench -- costs`, 21 November 2026. A job itself
 * writes two objects and reads one, and they're counted with those of the engine.
 */
const units = {
  function: { writes: 3.13, reads: 2.01, requests: 3.01, invocations: 1.01, puts: 0, gets: 0, logBytes: 875 },
  child: { writes: 3.02, reads: 1.02, requests: 0.3, invocations: 0.1, puts: 0, gets: 0, logBytes: 875 },
  job: { writes: 7, reads: 11, requests: 15, invocations: 5, puts: 3, gets: 2, logBytes: 875 },
} as const satisfies Record<string, Units>;

/** The additional units for a hint that goes to a large worker: one more message, which has its worker to itself. */
const hop: Units = { writes: 0, reads: 1, requests: 3, invocations: 1, puts: 0, gets: 0, logBytes: 0 };

function dollarsOf({ writes, reads, requests, invocations, puts, gets, logBytes }: Units): number {
  return (
    writes * prices.writeUnit.dollars +
    reads * prices.readUnit.dollars +
    requests * prices.queueRequest.dollars +
    invocations * prices.invocation.dollars +
    puts * prices.objectPut.dollars +
    gets * prices.objectGet.dollars +
    logBytes * prices.logByte.dollars
  );
}

/** What a job's machine cost: the share of it that the job asked for, or its function's memory while it ran. */
function machineCost(attempt: JobAttempt): CostView {
  const seconds = machineSeconds(attempt);
  // Without a time, it never got a machine, or nothing more was reported about it.
  if (seconds === undefined) return { dollars: 0, atLeast: attempt.tries.length > 0 };
  if (attempt.queue === functionQueue) {
    const gigabyteSeconds = seconds * (attempt.memory / 1024);
    return {
      dollars: gigabyteSeconds * prices.jobGigabyteSecond.dollars + prices.invocation.dollars,
      atLeast: false,
    };
  }
  const hourly =
    attempt.vcpus * machinePrices.vcpuHour.dollars +
    (attempt.memory / 1024) * machinePrices.gibibyteHour.dollars +
    (attempt.gpus ?? 0) * machinePrices.gpuHour.dollars;
  const share = isSpotQueue(attempt.queue) ? 1 - spotDiscount : 1;
  return { dollars: (seconds / 3600) * hourly * share, atLeast: false };
}

function sum(costs: readonly CostView[]): CostView {
  return {
    dollars: costs.reduce((total, { dollars }) => total + dollars, 0),
    atLeast: costs.some(({ atLeast }) => atLeast),
  };
}

function jobCost(record: StepOutline): CostView {
  const { jobAttempts = [], attempt } = record;
  const machines = sum(jobAttempts.map(machineCost));
  const forgotten = jobAttempts.length === maxJobAttempts && attempt > maxJobAttempts;
  return {
    dollars: machines.dollars + Math.max(attempt, jobAttempts.length) * dollarsOf(units.job),
    atLeast: machines.atLeast || forgotten || !hasEnded(record),
  };
}

/** The known seconds of a function's attempts, the number of attempts, and whether all of this epoch are known. */
function functionTimes(record: StepOutline): { seconds: number; attempts: number; all: boolean } {
  const { epoch, attempt, functionAttempts: kept = [] } = record;
  const ended = hasEnded(record);
  // Older code kept no attempts. Then the record has the times of the last one.
  const isKept = kept.some((each) => each.epoch === epoch && each.attempt === attempt);
  const own = ended && !isKept ? [{ epoch, seconds: secondsBetween(record.startedAt, record.endedAt) }] : [];
  const known = [
    ...kept.map((each) => ({ epoch: each.epoch, seconds: (each.endedAt - each.startedAt) / 1000 })),
    ...own,
  ];
  return {
    seconds: known.reduce((sum, each) => sum + each.seconds, 0),
    attempts: Math.max(known.length, attempt),
    all: ended && known.filter((each) => each.epoch === epoch).length >= attempt,
  };
}

function secondsBetween(startedAt: string, endedAt: string): number {
  return Math.max(0, Date.parse(endedAt) - Date.parse(startedAt)) / 1000;
}

/** If an attempt lost its worker, the later ones had a large worker. */
function functionCost({ over, size }: StepNode, record: StepOutline): CostView {
  const isLarge = size === "large" || lossesTo(record, "worker") > 0;
  const { seconds, attempts, all } = functionTimes(record);
  const megabytes = isLarge ? largeWorkerMegabytes : stepWorkerMegabytes;
  const time = seconds * (megabytes / 1024) * prices.gigabyteSecond.dollars;
  const attempt = dollarsOf(over === undefined ? units.function : units.child);
  return {
    dollars: time + attempts * (isLarge ? attempt + dollarsOf(hop) : attempt),
    atLeast: !all,
  };
}

/** What it costs to handle a step that needs neither a function nor a job. */
const handlingCost = (): CostView => ({ dollars: dollarsOf(units.function), atLeast: false });

const costs: Readonly<Record<DoneBy, (node: StepNode, record: StepOutline) => CostView>> = {
  worker: functionCost,
  job: (_node, record) => jobCost(record),
  others: handlingCost,
};

function recordCost(node: StepNode, record: StepOutline): CostView {
  const isWork = record.state !== "CACHED" && record.index !== "map";
  return isWork ? costs[doneBy(node.task)](node, record) : handlingCost();
}

/**
 * What a record's work in its own epoch has cost: the price with which it joins. Work of earlier epochs was counted with
 * their ends.
 */
export function recordPrice(node: StepNode, record: StepOutline): Price {
  const isOfEpoch = ({ epoch }: { readonly epoch: number }) => epoch === record.epoch;
  const jobAttempts = record.jobAttempts?.filter(isOfEpoch);
  const functionAttempts = record.functionAttempts?.filter(isOfEpoch);
  const { dollars, atLeast } = recordCost(node, {
    ...record,
    ...(jobAttempts && { jobAttempts }),
    ...(functionAttempts && { functionAttempts }),
  });
  return { nanodollars: Math.round(dollars * 1e9), atLeast };
}

/**
 * The cost of an epoch's ended records whose steps never joined the run. A step that is cancelled joins nothing, nor
 * does a map of which some children were cancelled. A record may still be open if its worker didn't know of the cancel.
 * It counts when it ends.
 */
export function unjoinedPrice(graph: Graph, run: Run, records: readonly StepOutline[]): Price {
  const open = new Map(
    graph.steps.filter(({ number }) => !hasJoined(run, number)).map((node) => [node.name, node]),
  );
  return sumOfPrices(
    records.flatMap((record) => {
      const node = open.get(record.step);
      const counts = node !== undefined && record.epoch === run.epoch && hasEnded(record);
      return counts ? [recordPrice(node, record)] : [];
    }),
  );
}

/**
 * What a run has cost, from the records of its steps: a pure estimate, see {@link costBasis}. Attempts of earlier epochs
 * count if they are kept.
 */
export function runCost(graph: Graph, records: readonly FoundStep[]): RunCost {
  const byStep = Map.groupBy(records, ({ step }) => step);
  const steps = new Map(
    graph.steps.map((node): [string, CostView] => {
      const mine = byStep.get(node.name) ?? [];
      return [node.name, sum(mine.map((record) => recordCost(node, record)))];
    }),
  );
  return { ...sum([...steps.values()]), steps };
}
