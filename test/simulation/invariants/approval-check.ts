import { waitingApprovals } from "../../../shared/run/waiting-approvals.ts";
import { isUnderWay } from "../../../shared/state/run.ts";
import { stepLabel } from "../../../shared/state/step-record.ts";
import type { World } from "../world/world.ts";

/** The list of what waits for a person has every approval of the runs under way that waits for an answer, and no other. */
export async function checkApprovals({ watch, memory, violations }: World): Promise<void> {
  const expected = [...watch.steps.latest.values()].flatMap((record) => {
    const run = watch.runs.get(record.runId);
    const waits = record.state === "PAUSED" && run !== undefined && isUnderWay(run);
    return waits && record.epoch === run.epoch ? [`${record.runId}/${record.step}[${record.index}]`] : [];
  });
  const { approvals } = await waitingApprovals(memory.store, Number.MAX_SAFE_INTEGER);
  const found = approvals.map(({ runId, step, index = 0 }) => `${runId}/${stepLabel(step, index)}`);
  if (expected.toSorted().join() !== found.toSorted().join())
    violations.add(
      "what waits for a person is listed",
      `${found.join(", ") || "nothing"} is listed; ${expected.join(", ") || "nothing"} waits`,
    );
}
