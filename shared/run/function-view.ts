import { type FoundStep, type FunctionAttempt, hasResult } from "../state/step-record.ts";
import { maxAttempts } from "./job-view.ts";

/** An attempt in which a worker ran a step's function. Times are ISO 8601 in UTC, durations in milliseconds. */
export type FunctionAttemptView = {
  epoch: number;
  attempt: number;
  /** Index of the child; only for mapped steps. */
  index?: number;
  /** A pass of a repeated step that isn't the last one has succeeded, too. */
  state: "SUCCEEDED" | "FAILED";
  startedAt: string;
  /** For a lost worker, the end of its lease: when it died isn't known. */
  endedAt: string;
  milliseconds: number;
  /** Why it failed. Only the last attempt's error has a message: it is the step's. */
  error?: { name: string; code?: string };
};

function viewOf({ epoch, attempt, startedAt, endedAt, error }: FunctionAttempt): FunctionAttemptView {
  return {
    ...{ epoch, attempt, state: error === undefined ? "SUCCEEDED" : "FAILED" },
    startedAt: new Date(startedAt).toISOString(),
    endedAt: new Date(endedAt).toISOString(),
    milliseconds: endedAt - startedAt,
    ...(error !== undefined && { error }),
  };
}

/** The attempt that a record's result is from. A cached result is from another run. */
function succeededAttempt(record: FoundStep): FunctionAttemptView[] {
  if (!hasResult(record) || record.state === "CACHED") return [];
  const { epoch, attempt, startedAt, endedAt } = record;
  const times = { startedAt: Date.parse(startedAt), endedAt: Date.parse(endedAt) };
  return [viewOf({ epoch, attempt, ...times })];
}

/**
 * The attempts of a step that had more than one, as far as they are kept; otherwise empty. For a map, those of its
 * children that had more than one, and those that failed come first.
 */
export function viewFunctionAttempts(records: readonly FoundStep[], mapped: boolean): FunctionAttemptView[] {
  const all = records.flatMap((record) => {
    const { index, functionAttempts = [] } = record;
    if (functionAttempts.length === 0) return [];
    const attempts = [...functionAttempts.map(viewOf), ...succeededAttempt(record)];
    return mapped && index !== "map" ? attempts.map((attempt) => ({ ...attempt, index })) : attempts;
  });
  if (!mapped) return all;
  const failedFirst = [
    ...all.filter(({ state }) => state === "FAILED"),
    ...all.filter(({ state }) => state !== "FAILED"),
  ];
  return failedFirst.slice(0, maxAttempts);
}
