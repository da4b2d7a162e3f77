import type * as z from "zod";
import type { ModelVersion, modelRegistration, Promotion, promotionRequest } from "./model.ts";
import type { Input } from "./ref.ts";
import type { StepContext } from "./step-function.ts";
import { lambda, type Task } from "./task.ts";

type Registration = z.input<typeof modelRegistration>;
type PromotionInput = z.input<typeof promotionRequest>;

/**
 * Registers a model in MLflow's format that a step made, as the next version of its name. A version is written once and
 * never changes; the same files from the same place are the same version, however often they are registered.
 */
export function registerModel(
  registration: {
    readonly [K in keyof Registration]: Input<Registration[K]>;
  },
): Task<ModelVersion> {
  return lambda(registration, (input, { models }: StepContext) => models.register(input as Registration));
}

/**
 * Gives a registered version the alias `champion`, or another one, if it passes the gate: if it is better than the
 * version that has the alias by the least gain, as measured on the same held-out data. A first version has to be better
 * than the base rate by as much. The step succeeds either way; its result says what the gate decided, and why.
 *
 * Of candidates that were measured against the same champion and pass the gate, the best gets the alias, whichever comes
 * first.
 */
export function promoteModel(
  request: {
    readonly [K in keyof PromotionInput]: Input<PromotionInput[K]>;
  },
): Task<Promotion> {
  return lambda(request, (input, { models }: StepContext) => models.promote(input as PromotionInput));
}
