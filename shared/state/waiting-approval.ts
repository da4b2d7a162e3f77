import type { ApprovalStep, StepOutline } from "./step-record.ts";

function waits<R extends StepOutline>(record: R): record is R & ApprovalStep {
  return "holder" in record && record.holder === "person";
}

/** Whether a record is an approval that waits for a person and that the stores list. */
export function isListed<R extends StepOutline>(record: R): record is R & ApprovalStep {
  return waits(record) && record.listed === true;
}

/** The approvals among records that wait for a person and are listed, soonest deadline first. */
export function waitingIn<R extends StepOutline>(records: readonly R[]): (R & ApprovalStep)[] {
  return records.filter((record) => isListed(record)).sort((a, b) => a.deadlineAt - b.deadlineAt);
}

/** The approvals among records that wait, but that older code has written, so that no list has them. */
export function unlistedIn<R extends StepOutline>(records: readonly R[]): (R & ApprovalStep)[] {
  return records.filter(waits).filter(({ listed }) => listed !== true);
}
