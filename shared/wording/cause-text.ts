import type { Cause } from "../state/run.ts";

/** The kinds of causes, for people who choose one. */
export const causeWords: Readonly<Record<Cause["kind"], string>> = {
  object: "a file",
  schedule: "a schedule",
  manual: "a person",
  backfill: "a backfill",
  rerun: "run again",
  run: "another pipeline's success",
  step: "a step of another run",
};

/** Why a run exists. */
export function causeText(cause: Cause): string {
  if (cause.kind === "object") return `started by ${cause.uri}`;
  if (cause.kind === "schedule") return `started by schedule ${cause.schedule}`;
  if (cause.kind === "backfill") return `started by backfill ${cause.backfill}`;
  if (cause.kind === "run") return `started by the success of ${cause.pipeline}, run ${cause.runId}`;
  if (cause.kind === "rerun") return `run ${cause.runId} again`;
  if (cause.kind === "step") return `started by step ${cause.step} of run ${cause.runId}`;
  return cause.by === undefined ? "started by hand" : `started by ${cause.by}`;
}
