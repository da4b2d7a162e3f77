import { functionQueue, isSpotQueue, type Resources } from "../pipeline/job.ts";
import { attemptResources } from "../state/attempt-resources.ts";
import { type FoundStep, hasJobs, type JobAttempt, type JobTry } from "../state/step-record.ts";

/** An attempt that a Batch job made or is making, of a step or of one child of a map. */
export type AttemptView = Omit<JobAttempt, "state"> & {
  state: JobAttempt["state"] | "RUNNING";
  /** Index of the child; only for mapped steps. */
  index?: number;
  /** Whether it was on a Spot machine. */
  spot: boolean;
  /** Seconds on machines, all tries together; absent while unknown. */
  seconds?: number;
};

/** How much of its resources a step's jobs used. For a map, the maximum over its children. */
export type UsageView = {
  peakMemoryBytes: number;
  memoryBytes: number;
  /** Average over the attempt. */
  vcpusUsed?: number;
  vcpus: number;
  /** Suggestions for the step's `resources`, if they're far off. */
  hints: string[];
};

/** Maximum number of attempts of one step in a view; a thousand children may have ten each. */
export const maxAttempts = 20;

const mebibyte = 1024 * 1024;

/** Seconds that a try took on its machine; undefined while unknown. */
function secondsOfTry({ startedAt, endedAt }: JobTry): number | undefined {
  return startedAt === undefined || endedAt === undefined
    ? undefined
    : Math.max(0, endedAt - startedAt) / 1000;
}

/** Seconds on machines, all tries together; undefined if no try's time is known. A try that never began took none. */
export function machineSeconds({ tries }: JobAttempt): number | undefined {
  const known = tries.map(secondsOfTry).filter((seconds) => seconds !== undefined);
  return known.length === 0 ? undefined : known.reduce((sum, seconds) => sum + seconds, 0);
}

/** The attempt that a record's job is making, once it has a machine. */
function underWay(record: FoundStep, resources: Resources): AttemptView[] {
  if (!hasJobs(record) || record.state !== "RUNNING" || record.index === "map") return [];
  const { epoch, attempt, jobs, log, runningSince } = record;
  const { gpus, ...had } = attemptResources(resources, record);
  const current: JobTry = {
    ...(log !== undefined && { log }),
    ...(runningSince !== undefined && { startedAt: runningSince }),
  };
  return [
    {
      ...{ epoch, attempt, job: jobs[0]?.id ?? "", state: "RUNNING", ...had },
      ...(gpus > 0 && { gpus }),
      tries: [current],
      spot: isSpotQueue(had.queue),
    },
  ];
}

function viewAttempt(attempt: JobAttempt): AttemptView {
  const seconds = machineSeconds(attempt);
  return {
    ...attempt,
    spot: isSpotQueue(attempt.queue),
    ...(seconds !== undefined && { seconds }),
  };
}

const shownFirst: readonly AttemptView["state"][] = ["FAILED", "RUNNING", "SUCCEEDED"];

/**
 * The attempts of a step's records. For a map, those that failed come first, since people look for them, then those
 * that run.
 */
export function viewAttempts(
  records: readonly FoundStep[],
  mapped: boolean,
  resources: Resources,
): AttemptView[] {
  const all = records.flatMap((record) => {
    const attempts = [...(record.jobAttempts ?? []).map(viewAttempt), ...underWay(record, resources)];
    const { index } = record;
    return mapped && index !== "map" ? attempts.map((attempt) => ({ ...attempt, index })) : attempts;
  });
  if (!mapped) return all;
  return shownFirst.flatMap((wanted) => all.filter(({ state }) => state === wanted)).slice(0, maxAttempts);
}

/** Average number of vCPUs that an attempt used; undefined if unknown. The CPU time is that of the last try. */
function vcpusUsed({ usage, tries }: JobAttempt): number | undefined {
  const last = tries.at(-1);
  const seconds = last && secondsOfTry(last);
  return usage === undefined || seconds === undefined || seconds === 0
    ? undefined
    : usage.cpuSeconds / seconds;
}

/** A suggestion is what was used, times this factor, so that the job keeps some headroom. */
const headroom = 1.5;
/** Sizes of memory are rounded up to a multiple of this many MiB. */
const memoryStep = 256;
/**
 * A job shorter than this many seconds says little about the vCPUs that it can use: it mostly starts, reads and writes.
 */
const shortJob = 60;

function memoryHint(peakBytes: number, memory: number): string[] {
  const enough = Math.max(2, Math.ceil((peakBytes * headroom) / mebibyte / memoryStep)) * memoryStep;
  if (peakBytes > 0.9 * memory * mebibyte) return [`close to its memory: consider memory: ${enough}`];
  return enough <= memory / 2 ? [`memory: ${enough} would do`] : [];
}

function vcpusHint(used: number | undefined, vcpus: number, seconds: number): string[] {
  if (used === undefined || seconds < shortJob || vcpus <= 1) return [];
  const enough = Math.max(1, Math.ceil(used * 1.2));
  return enough <= vcpus / 2 ? [`vcpus: ${enough} would do`] : [];
}

/**
 * What the last attempts of a step's records used, without those of an earlier size. Undefined if no job reported it.
 */
export function viewUsage(records: readonly FoundStep[]): UsageView | undefined {
  const last = records.flatMap(({ jobAttempts = [] }) => jobAttempts.slice(-1));
  const reported = last.filter(({ usage }) => usage !== undefined);
  const [first] = reported;
  if (first === undefined) return undefined;
  const maxOf = (values: readonly number[]) => values.reduce((max, value) => Math.max(max, value), 0);
  const memory = maxOf(reported.map((attempt) => attempt.memory));
  const peakMemoryBytes = maxOf(reported.map(({ usage }) => usage?.peakMemoryBytes ?? 0));
  const rates = reported.map(vcpusUsed).filter((used) => used !== undefined);
  const used = rates.length === 0 ? undefined : maxOf(rates);
  const maxSeconds = maxOf(reported.map((attempt) => machineSeconds(attempt) ?? 0));
  const hints = [...memoryHint(peakMemoryBytes, memory), ...vcpusHint(used, first.vcpus, maxSeconds)];
  return {
    peakMemoryBytes,
    memoryBytes: memory * mebibyte,
    ...(used !== undefined && { vcpusUsed: Math.round(used * 100) / 100 }),
    vcpus: first.vcpus,
    // All jobs of a family have the same function, so none can ask for less of it.
    hints: first.queue === functionQueue ? [] : hints,
  };
}
