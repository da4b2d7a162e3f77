import { MillraceError } from "../pipeline/millrace-error.ts";
import { queueOf } from "../pipeline/work-queue.ts";
import type { Engine } from "../ports/engine.ts";
import { admitRuns } from "../run/admit-runs.ts";
import { type Backfill, backfillLimit, noCounts } from "../state/backfill.ts";
import { driveBackfill } from "./drive-backfill.ts";
import { type BackfillRequest, type PlannedBackfill, planBackfill } from "./plan-backfill.ts";

/** No backfill has this id. */
export class BackfillNotFoundError extends MillraceError {
  constructor(id: string) {
    super("BACKFILL_NOT_FOUND", `there is no backfill "${id}"`);
  }
}

/** A backfill at the beginning of a pass. */
function freshPass(engine: Engine, { reason: _reason, cancelledAt: _at, ...rest }: Backfill): Backfill {
  const now = new Date(engine.clock.now()).toISOString();
  const begun = { state: "RUNNING", passAt: now, next: rest.from, dueAt: now } as const;
  return { ...rest, ...begun, counts: noCounts, open: [], version: rest.version + 1 };
}

function newBackfill(
  engine: Engine,
  { id, plan, times }: PlannedBackfill,
  request: BackfillRequest,
): Backfill {
  const createdAt = new Date(engine.clock.now()).toISOString();
  const { concurrency, retryFailed } = request;
  return freshPass(engine, {
    ...{ id, ...plan, state: "RUNNING", createdAt, pass: 1, passAt: createdAt },
    ...{ retryFailed, concurrency, total: times.length, counts: noCounts, open: [], version: 0 },
  });
}

/** Changes a backfill, even if others change it meanwhile. `change` returns undefined to leave it as it is. */
async function changeBackfill(
  engine: Engine,
  id: string,
  change: (backfill: Backfill) => Backfill | undefined,
): Promise<Backfill> {
  for (;;) {
    const stored = await engine.backfills.get(id);
    if (stored === undefined) throw new BackfillNotFoundError(id);
    const changed = change(stored);
    if (changed === undefined) return stored;
    const next = { ...changed, version: stored.version + 1 };
    if (await engine.backfills.put(next)) return next;
  }
}

async function applyConcurrency(engine: Engine, { id, pipeline, concurrency }: Backfill): Promise<void> {
  await engine.store.setLimit(backfillLimit(id), concurrency);
  const deployed = engine.pipelines.get(pipeline);
  await admitRuns(engine, deployed === undefined ? pipeline : queueOf(deployed));
}

/**
 * A backfill as it is now. If something is left to do for it, it takes a turn first.
 *
 * @throws BackfillNotFoundError
 */
export async function driveAndRead(engine: Engine, id: string): Promise<Backfill> {
  await driveBackfill(engine, id);
  const found = await engine.backfills.get(id);
  if (found === undefined) throw new BackfillNotFoundError(id);
  return found;
}

/**
 * Runs a pipeline for each time between two dates. The backfill's id is derived from the request. If the same request
 * comes while the backfill is under way, it continues with the newly requested concurrency. If the request comes after
 * the end, the backfill makes another pass over its times and skips those that succeeded.
 *
 * @throws PipelineNotFoundError, ScheduleNotFoundError, ParamsError, BackfillError; nothing was started then
 */
export async function startBackfill(engine: Engine, request: BackfillRequest): Promise<Backfill> {
  const planned = planBackfill(engine, request);
  const { id, plan } = planned;
  const created = newBackfill(engine, planned, request);
  const { concurrency, retryFailed } = request;
  if (!(await engine.backfills.put(created))) {
    await changeBackfill(engine, id, (stored) => {
      const goesOn = stored.state === "RUNNING";
      if (goesOn && stored.concurrency === concurrency && stored.retryFailed === retryFailed)
        return undefined;
      const updated = { ...stored, concurrency, retryFailed };
      return goesOn ? updated : { ...freshPass(engine, updated), params: plan.params, pass: stored.pass + 1 };
    });
  }
  await applyConcurrency(engine, { ...created, concurrency });
  return driveAndRead(engine, id);
}

/**
 * Continues a cancelled backfill, or makes another pass over the times of one that has ended. Runs that succeeded are
 * skipped, and runs that the backfill's cancel stopped continue.
 *
 * @throws BackfillNotFoundError
 */
export async function resumeBackfill(engine: Engine, id: string, retryFailed: boolean): Promise<Backfill> {
  await changeBackfill(engine, id, (stored) =>
    stored.state === "RUNNING"
      ? undefined
      : { ...freshPass(engine, stored), retryFailed, pass: stored.pass + 1 },
  );
  return driveAndRead(engine, id);
}

/**
 * Cancels a backfill: it starts nothing more, and those of its runs that haven't ended are cancelled. If the backfill
 * has ended, nothing changes.
 *
 * @throws BackfillNotFoundError
 */
export async function cancelBackfill(engine: Engine, id: string): Promise<Backfill> {
  const now = new Date(engine.clock.now()).toISOString();
  const reason = "cancelled by an operator";
  await changeBackfill(engine, id, (stored) =>
    stored.state === "RUNNING"
      ? { ...stored, state: "CANCELLED", reason, cancelledAt: now, dueAt: now }
      : undefined,
  );
  return driveAndRead(engine, id);
}
