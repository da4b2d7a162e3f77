import type { FunctionAttemptView } from "../../shared/run/function-view.ts";
import type { StepView } from "../../shared/run/run-view.ts";
import { durationText, wrapped } from "../../shared/wording/units.ts";

/** Max. number of a function's failed attempts on the screen; `--json` has all that the run's records keep. */
const maxShown = 3;

function attemptText({ epoch, attempt, index, milliseconds, error }: FunctionAttemptView): string {
  const where = index === undefined ? "" : `[${index}] `;
  const code = error?.code === undefined ? "" : ` (${error.code})`;
  return `${where}attempt ${epoch}.${attempt}, ${durationText(milliseconds)}: ${error?.name ?? ""}${code}`;
}

/**
 * The attempts of a function that failed, the last of them, in lines of at most `width`. If the only attempt failed, its
 * error says so already.
 */
export function functionLines(
  { functionAttempts = [], errors }: Pick<StepView, "functionAttempts" | "errors">,
  width: number,
): string[] {
  if (functionAttempts.length === 1 && errors.length > 0) return [];
  const failed = functionAttempts.filter(({ state }) => state === "FAILED").slice(-maxShown);
  return failed.flatMap((attempt) => wrapped(attemptText(attempt), width));
}
