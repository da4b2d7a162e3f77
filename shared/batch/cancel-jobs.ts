import { mapConcurrently } from "../platform/map-concurrently.ts";
import { isOver, type JobDetail } from "../ports/batch-service.ts";
import type { Engine } from "../ports/engine.ts";
import type { FoundRecord, StoredStep } from "../ports/run-store.ts";
import { outlinePages } from "../run/listed-steps.ts";
import { nodeOf } from "../run/run-graph.ts";
import { engineError } from "../state/failure.ts";
import type { Run } from "../state/run.ts";
import { ended } from "../state/step-changes.ts";
import { type EndedStep, hasJobs, type JobStep } from "../state/step-record.ts";
import { cancelReason, markCancelled } from "../step/cancel-step.ts";
import { endSubmission } from "./end-submission.ts";
import { withEndedJob } from "./job-attempt.ts";

/** The jobs of the steps to cancel: ids of those that still run, and the details of those that are over, by id. */
export type EndedJobs = {
  readonly running: ReadonlySet<string>;
  readonly over: ReadonlyMap<string, JobDetail>;
};

/** The id of the array job that a child's id belongs to. */
const arrayOf = (id: string) => id.split(":")[0] ?? id;

/**
 * Ends the jobs of steps. An array's children are ended through their array. The events of the jobs that still run
 * report their ends later.
 */
export async function endJobs(engine: Engine, records: readonly FoundRecord[]): Promise<EndedJobs> {
  const ids = records.flatMap((record) => (hasJobs(record) ? record.jobs.map(({ id }) => id) : []));
  if (ids.length === 0) return { running: new Set(), over: new Map() };
  const wholes = await engine.batch.describe([...new Set(ids.map(arrayOf))]);
  const open = new Set(wholes.filter((job) => !isOver(job)).map(({ id }) => id));
  await mapConcurrently([...open], (id) => engine.batch.terminate(id, cancelReason));
  const running = new Set([...open, ...ids.filter((id) => open.has(arrayOf(id)))]);
  const children = await engine.batch.describe(ids.filter((id) => id !== arrayOf(id) && !running.has(id)));
  return { running, over: new Map([...wholes, ...children].map((job) => [job.id, job])) };
}

/** Ends a step that jobs work for, and records how the jobs ended; false while one of them runs. */
export async function cancelJobStep(
  engine: Engine,
  run: Run,
  record: JobStep & StoredStep,
  { running, over }: EndedJobs,
): Promise<boolean> {
  if (record.jobs.some(({ id }) => running.has(id))) return false;
  const found = await nodeOf(engine, run, record.step);
  // A map's jobs are arrays, whose children report their own ends.
  const job = record.index === "map" ? undefined : over.get(record.jobs[0]?.id ?? "");
  if (found === undefined || job === undefined) return markCancelled(engine, record);
  const outcome = { reason: job.statusReason ?? cancelReason };
  return markCancelled(engine, withEndedJob(found.node, record, job, outcome));
}

/** How many submissions are looked for at once: each takes some calls to Batch, which allows few a second. */
const lookupsAtOnce = 5;

/**
 * Ends jobs that Batch didn't list yet when their submission was cancelled. Only submissions that were under way at that
 * moment count: there are as many as workers, however many jobs the run has.
 */
export async function endUnlistedJobs(engine: Engine, run: Run): Promise<void> {
  const end = async (record: EndedStep) => {
    const found = await nodeOf(engine, run, record.step);
    if (found !== undefined) await endSubmission(engine, run, found.node, record, cancelReason);
  };
  for await (const page of outlinePages(engine.store, run.runId)) {
    const cancelled = page.flatMap((record) =>
      record.state === "CANCELLED" && record.submitting === true && record.epoch === run.epoch
        ? [record]
        : [],
    );
    await mapConcurrently(cancelled, end, lookupsAtOnce);
  }
}

/** Ends the step of a cancelled run whose job has ended, if the record still names the job. */
export async function endCancelledJob(
  engine: Engine,
  run: Run,
  record: StoredStep | undefined,
  detail: JobDetail,
): Promise<void> {
  if (record === undefined || !hasJobs(record) || !record.jobs.some(({ id }) => id === detail.id)) return;
  const error = engineError("CANCELLED", detail.statusReason ?? "the run was cancelled");
  const node = (await nodeOf(engine, run, record.step))?.node;
  const outcome = node === undefined ? record : withEndedJob(node, record, detail, { reason: error.message });
  await engine.store.putStep(ended(outcome, "CANCELLED", engine.clock.now(), error), record.version);
}
