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

/** How far a step's jobs say they are. */
export type ProgressView = {
  /** From 0 to 1; of a map over all of its children. Absent where no job says. */
  fraction?: number;
  /** In the words of the job; of a map those of the child that spoke last. */
  message: string;
  /** When the last of them spoke. ISO 8601, UTC. */
  at: string;
  /** Fractions a minute, from when the job began to when it last spoke; not of a map. */
  perMinute?: number;
};

/** Most files that one look at a run reads, whatever runs. */
export const maxProgressReads = 16;

/** `_progress.json`, as docs/batch-jobs.md says. */
const progressFile = z.object({
  fraction: z.number().min(0).max(1).optional(),
  message: z.string().transform((text) => text.slice(0, 200)),
  at: z.iso.datetime({ offset: true }),
});
type Told = z.infer<typeof progressFile>;

/** A job that runs now, and what it said last. */
type Running = { readonly record: JobStep; readonly told: Told | undefined };

async function lastWord(objects: ObjectStore, run: Run, record: JobStep): Promise<Told | undefined> {
  const bytes = await objects.get(objects.locate(attemptPrefix(run, record) + attemptFiles.progress));
  if (bytes === undefined) return undefined;
  try {
    return progressFile.safeParse(JSON.parse(new TextDecoder().decode(bytes))).data;
  } catch {
    // A bar is not worth failing for.
    return undefined;
  }
}

/** Fractions a minute since the job began, undefined while there is nothing to divide. */
function rateOf({ runningSince }: JobStep, { fraction, at }: Told): number | undefined {
  if (runningSince === undefined || fraction === undefined || fraction === 0) return undefined;
  const minutes = (Date.parse(at) - runningSince) / 60_000;
  return minutes > 0 ? fraction / minutes : undefined;
}

/** Of a map: children that ended count whole, those that run by what they say, or else as those do that say something. */
function fractionOfMap(total: number, ended: number, running: number, fractions: readonly number[]) {
  if (total === 0 || (fractions.length === 0 && ended === 0)) return undefined;
  const mean = fractions.reduce((sum, each) => sum + each, 0) / Math.max(1, fractions.length);
  return Math.min(1, (ended + mean * running) / total);
}

/** What the running jobs of one step say together; undefined where none has said anything. */
function viewProgress(records: readonly FoundStep[], running: readonly Running[]): ProgressView | undefined {
  const told = running.flatMap((each) => (each.told === undefined ? [] : [each.told]));
  const last = told.toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))[0];
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
  const fractions = told.flatMap(({ fraction }) => (fraction === undefined ? [] : [fraction]));
  const ended = records.filter((record) => record.index !== "map" && hasEnded(record)).length;
  const under = records.filter((record) => record.index !== "map" && runs(record)).length;
  const fraction = fractionOfMap(total, ended, under, fractions);
  return { ...(fraction !== undefined && { fraction }), message, at: new Date(at).toISOString() };
}

function runs(record: FoundStep): record is JobStep {
  return hasJobs(record) && record.state === "RUNNING" && record.index !== "map";
}

/** The jobs to ask: of each step alike many, so that a large map does not hide what runs beside it. */
function chosen(steps: ReadonlyMap<string, readonly JobStep[]>): JobStep[] {
  const share = Math.max(1, Math.floor(maxProgressReads / Math.max(1, steps.size)));
  return [...steps.values()].flatMap((records) => records.slice(0, share)).slice(0, maxProgressReads);
}

/**
 * How far the jobs that run now say they are, by step. Reads {@link maxProgressReads} objects at most: of a large map
 * those of its first running children stand for all.
 */
export async function readProgress(
  objects: ObjectStore,
  run: Run,
  records: readonly FoundStep[],
): Promise<ReadonlyMap<string, ProgressView>> {
  const current = records.filter((record) => record.epoch === run.epoch || hasResult(record));
  const running = Map.groupBy(current.filter(runs), ({ step }) => step);
  const told = await Promise.all(
    chosen(running).map(
      async (record): Promise<Running> => ({ record, told: await lastWord(objects, run, record) }),
    ),
  );
  const views = [...running.keys()].map((step) => {
    const mine = told.filter(({ record }) => record.step === step);
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
