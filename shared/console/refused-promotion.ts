import * as z from "zod";
import type { Promotion } from "../pipeline/model.ts";
import type { StepView } from "../run/run-view.ts";

const refusal = z.object({
  name: z.string(),
  version: z.int(),
  alias: z.string(),
  promoted: z.literal(false),
  reason: z.string(),
  holder: z.int().nullable(),
});

/** A gate's decision to leave an alias where it is. */
export type RefusedPromotion = Promotion & { readonly promoted: false };

/** What a gate refused, if the step's result is such a decision. Results above 4 KB are not read. */
export function refusedPromotion({ output }: Pick<StepView, "output">): RefusedPromotion | undefined {
  if (output === undefined || !("value" in output)) return undefined;
  return refusal.safeParse(output.value).data;
}
