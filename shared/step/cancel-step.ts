import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import { engineError } from "../state/failure.ts";
import { ended, withFunctionAttempt } from "../state/step-changes.ts";

/** The reason with which a cancelled run's steps and jobs end. */
export const cancelReason = "The run was cancelled";

/** Ends the record of a step of a cancelled run. @returns false if the record changed meanwhile */
export async function markCancelled(engine: Engine, record: StoredStep): Promise<boolean> {
  const error = engineError("CANCELLED", cancelReason);
  const now = engine.clock.now();
  const kept = withFunctionAttempt(record, now, error);
  const put = await engine.store.putStep(ended(kept, "CANCELLED", now, error), record.version);
  return put.ok;
}
