import { isSpotQueue, type Resources } from "../pipeline/job.ts";
import { attemptResources } from "../state/attempt-resources.ts";
import { type FoundStep, hasJobs, type JobAttempt, type JobTry } from "../state/step-record.ts";

/** An attempt that a Batch job made or is making, or one of those of a map's children. */
export type AttemptView = Omit<JobAttempt, "state"> & {
  state: JobAttempt["state"] | "RUNNING";
  /** Of a mapped child. */
  index?: number;
  /** Whether it was on a Spot machine. */
  spot: boolean;
  /** Seconds on machines, all tries together; absent while they are not known. */
  seconds?: number;
};

/** What a step's jobs used of what they had: of a map the most that any child did. */
export type UsageView = {
  peakMemoryBytes: number;
  memoryBytes: number;
  /** On average over the attempt. */
  vcpusUsed?: number;
  vcpus: number;
  /** What the step's `resources` could be, where they are far off. */
  hints: string[];
};

/** Attempts of one step that a view holds; a thousand children may have ten each. */
export const maxAttempts = 20;

const mebibyte = 1024 * 1024;

/** Seconds that a try took on its machine, undefined while they are not known. */
function secondsOfTry({ startedAt, endedAt }: JobTry): number | undefined {
  return startedAt === undefined || endedAt === undefined
    ? undefined
    : Math.max(0, endedAt - startedAt) / 1000;
}

/** Seconds on machines, all tries together; undefined where none is known. A try that never began took none. */
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

/** The attempts of a step's records; of a map those that failed first, since they are looked for, then those that run. */
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

/** vCPUs that an attempt used on average; undefined where that is not known. CPU time is that of the last try. */
function vcpusUsed({ usage, tries }: JobAttempt): number | undefined {
  const last = tries.at(-1);
  const seconds = last && secondsOfTry(last);
  return usage === undefined || seconds === undefined || seconds === 0
    ? undefined
    : usage.cpuSeconds / seconds;
}

/** What is over what is used, so that it is no hint to be cut to the bone. */
const headroom = 1.5;
/** MiB that sizes of memory are rounded up to. */
const memoryStep = 256;
/** Seconds below which a job says little about the vCPUs that it can use: it starts, reads and writes. */
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

/** What the last attempts of a step's records used, those of an earlier size left out; undefined where none could say. */
export function viewUsage(records: readonly FoundStep[]): UsageView | undefined {
  const last = records.flatMap(({ jobAttempts = [] }) => jobAttempts.slice(-1));
  const told = last.filter(({ usage }) => usage !== undefined);
  const [first] = told;
  if (first === undefined) return undefined;
  const largest = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, value), 0);
  const memory = largest(told.map((attempt) => attempt.memory));
  const peakMemoryBytes = largest(told.map(({ usage }) => usage?.peakMemoryBytes ?? 0));
  const rates = told.map(vcpusUsed).filter((used) => used !== undefined);
  const used = rates.length === 0 ? undefined : largest(rates);
  const longest = largest(told.map((attempt) => machineSeconds(attempt) ?? 0));
  return {
    peakMemoryBytes,
    memoryBytes: memory * mebibyte,
    ...(used !== undefined && { vcpusUsed: Math.round(used * 100) / 100 }),
    vcpus: first.vcpus,
    hints: [...memoryHint(peakMemoryBytes, memory), ...vcpusHint(used, first.vcpus, longest)],
  };
}
