import { MillraceError } from "../shared/pipeline/millrace-error.ts";
import { UsageError } from "./errors.ts";

/** A step, or one child of a mapped step. */
export type StepPlace = { readonly step: string; readonly index?: number };

/**
 * Parses `train_model` or `train_model[3]`.
 *
 * @param field what the text was given for; the error names it
 * @throws MillraceError for anything else
 */
export function stepPlace(field: string, text: string): StepPlace {
  const [, step, index] = /^([^[\]]+)(?:\[(\d+)\])?$/.exec(text) ?? [];
  if (step === undefined) {
    throw new UsageError(
      `${field} is "${text}"; it takes a step, or one child of a map, such as train_model[3]`,
    );
  }
  return { step, ...(index !== undefined && { index: Number(index) }) };
}

/**
 * @throws MillraceError listing the run's steps if the step doesn't exist, or an index is given for a step without children
 */
export function checkPlace(
  field: string,
  { step, index }: StepPlace,
  steps: readonly { name: string; mapped: boolean }[],
): void {
  const found = steps.find(({ name }) => name === step);
  if (found === undefined) {
    throw new MillraceError(
      "STEP_NOT_FOUND",
      `${field} is "${step}"; the run has the steps ${steps.map(({ name }) => name).join(", ")}`,
    );
  }
  if (index !== undefined && !found.mapped && index !== 0) {
    throw new MillraceError("STEP_NOT_FOUND", `${field} is "${step}[${index}]", and ${step} is not mapped`, {
      remedy: `Leave out [${index}].`,
    });
  }
}
