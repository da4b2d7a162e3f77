import * as z from "zod";
import { attemptFiles, attemptPrefix } from "../objects/layout.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import type { Run } from "../state/run.ts";
import {
  childrenOf,
  type FoundStep,
  hasEnded,
  hasJobs,
  hasResult,
  type JobStep,
} from "../state/step-record.ts";

/** The progress that a step's jobs report. */
export type ProgressView = {
  /** From 0 to 1; for a map, over all of its children. Absent if no job reports one. */
  fraction?: number;
  /** The job's own words; for a map, those of the child that reported last. */
  message: string;
  /** Time of the last report. ISO 8601, UTC. */
  at: string;
  /** Fraction per minute, from the job's start to its last report. Absent for a map. */
  perMinute?: number;
};

/** Maximum number of files that one look at a run reads, however many jobs run. */
export const maxProgressReads = 16;

/** `_progress.json`, as docs/batch-jobs.md defines it. */
const progressFile = z.object({
  fraction: z.number().min(0).max(1).optional(),
  message: z.string().transform((text) => text.slice(0, 200)),
  at: z.iso.datetime({ offset: true }),
});
type ProgressReport = z.infer<typeof progressFile>;

/** A job that runs now, and its last report. */
type Running = { readonly record: JobStep; readonly report: ProgressReport | undefined };

async function lastReport(
  objects: ObjectStore,
  run: Run,
  record: JobStep,
): Promise<ProgressReport | undefined> {
  const bytes = await objects.get(objects.locate(attemptPrefix(run, record) + attemptFiles.progress));
  if (bytes === undefined) return undefined;
  try {
    return progressFile.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    // A progress bar isn't worth a failure.
    return undefined;
  }
}

/**
 * Fraction per minute since the job began. Undefined if its start or its fraction is unknown, or no time has passed.
 */
function rateOf({ runningSince }: JobStep, { fraction, at }: ProgressReport): number | undefined {
  if (runningSince === undefined || fraction === undefined || fraction === 0) return undefined;
  const minutes = (Date.parse(at) - runningSince) / 60_000;
  return minutes > 0 ? fraction / minutes : undefined;
}

/**
 * A map's fraction. Children that ended count as whole. Running children count as they report; those without a report
 * count as the average of the others.
 */
function fractionOfMap(total: number, ended: number, running: number, fractions: readonly number[]) {
  if (total === 0 || (fractions.length === 0 && ended === 0)) return undefined;
  const mean = fractions.reduce((sum, each) => sum + each, 0) / Math.max(1, fractions.length);
  return Math.min(1, (ended + mean * running) / total);
}

/** The combined report of a step's running jobs. Undefined if none has reported. */
function viewProgress(records: readonly FoundStep[], running: readonly Running[]): ProgressView | undefined {
  const reports = running.flatMap((each) => (each.report === undefined ? [] : [each.report]));
  const last = reports.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))[0];
  if (last === undefined) return undefined;
  const { message, at } = last;
  const map = records.find(({ index }) => index === "map");
  const total = map && childrenOf(map);
  const [only] = running;
  if (total === undefined) {
    const perMinute = only && rateOf(only.record, last);
    return {
      ...(last.fraction !== undefined && { fraction: last.fraction }),
      ...{ message, at: new Date(at).toISOString() },
      ...(perMinute !== undefined && { perMinute }),
    };
  }
  const fractions = reports.flatMap(({ fraction }) => (fraction === undefined ? [] : [fraction]));
  const ended = records.filter((record) => record.index !== "map" && hasEnded(record)).length;
  const under = records.filter((record) => record.index !== "map" && runs(record)).length;
  const fraction = fractionOfMap(total, ended, under, fractions);
  return { ...(fraction !== undefined && { fraction }), message, at: new Date(at).toISOString() };
}

function runs(record: FoundStep): record is JobStep {
  return hasJobs(record) && record.state === "RUNNING" && record.index !== "map";
}

/** The jobs whose files are read: equally many of each step, so that a large map doesn't hide the other steps. */
function chosen(steps: ReadonlyMap<string, readonly JobStep[]>): JobStep[] {
  const share = Math.max(1, Math.floor(maxProgressReads / Math.max(1, steps.size)));
  return [...steps.values()].flatMap((records) => records.slice(0, share)).slice(0, maxProgressReads);
}

/**
 * The reported progress of the jobs that run now, by step. Reads at most {@link maxProgressReads} objects: the first
 * running children of a large map stand for all of them.
 */
export async function readProgress(
  objects: ObjectStore,
  run: Run,
  records: readonly FoundStep[],
): Promise<ReadonlyMap<string, ProgressView>> {
  const current = records.filter((record) => record.epoch === run.epoch || hasResult(record));
  const running = Map.groupBy(current.filter(runs), ({ step }) => step);
  const found = await Promise.all(
    chosen(running).map(
      async (record): Promise<Running> => ({ record, report: await lastReport(objects, run, record) }),
    ),
  );
  const views = [...running.keys()].map((step) => {
    const mine = found.filter(({ record }) => record.step === step);
    return [
      step,
      viewProgress(
        current.filter((record) => record.step === step),
        mine,
      ),
    ] as const;
  });
  return new Map(views.flatMap(([step, view]) => (view === undefined ? [] : [[step, view] as const])));
}
