import type * as z from "zod";
import type { ModelVersion, modelRegistration, Promotion, promotionRequest } from "./model.ts";
import type { Input } from "./ref.ts";
import type { StepContext } from "./step-function.ts";
import { lambda, type Task } from "./task.ts";

type Registration = z.input<typeof modelRegistration>;
type PromotionInput = z.input<typeof promotionRequest>;

/**
 * Registers a model in MLflow's format, made by a step, as the next version of its name. A version is written once and
 * never changes. The same files from the same place are the same version, however often they are registered.
 */
export function registerModel(
  registration: {
    readonly [K in keyof Registration]: Input<Registration[K]>;
  },
): Task<ModelVersion> {
  return lambda(registration, (input, { models }: StepContext) => models.register(input as Registration));
}

/**
 * Gives a registered version the alias `champion`, or another one, if it passes the gate: it must be better than the
 * version that has the alias by at least the minimum gain, measured on the same held-out data. A first version must be
 * better than the base rate by the same gain. The step succeeds either way; its result says what the gate decided, and
 * why.
 *
 * If several candidates were measured against the same champion and pass the gate, the best one gets the alias, in
 * whatever order they arrive.
 */
export function promoteModel(
  request: {
    readonly [K in keyof PromotionInput]: Input<PromotionInput[K]>;
  },
): Task<Promotion> {
  return lambda(request, (input, { models }: StepContext) => models.promote(input as PromotionInput));
}
