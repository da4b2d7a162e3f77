import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import { ended } from "../state/step-changes.ts";

/** Why a step of a cancelled run ends, and its jobs. */
export const cancelReason = "The run was cancelled";

/** Ends the record of a step of a cancelled run. @returns false when the record changed meanwhile */
export async function markCancelled(engine: Engine, record: StoredStep): Promise<boolean> {
  const error = { name: "Cancelled", message: cancelReason };
  const put = await engine.store.putStep(
    ended(record, "CANCELLED", engine.clock.now(), error),
    record.version,
  );
  return put.ok;
}
