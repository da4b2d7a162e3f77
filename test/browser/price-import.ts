import * as z from "zod";
import { definePipeline, lambda, type Pipeline, wait } from "../../shared/pipeline/index.ts";

/** A small pipeline without jobs: it asks a vendor for prices, waits for them, and checks them. */
export const priceImport: Pipeline = definePipeline(
  {
    name: "price-import",
    params: z.strictObject({
      vendorSeconds: z.int().default(60),
      /** Why the check fails; empty if it doesn't. */
      problem: z.string().default(""),
    }),
    tags: ["team:pricing"],
  },
  ({ params, step }) => {
    const asked = step(
      "ask_vendor",
      lambda({ seconds: params.vendorSeconds }, ({ seconds }) => ({ seconds, order: "prices" })),
    );
    const arrived = step("await_prices", wait({ seconds: asked.seconds }));
    step(
      "check_prices",
      lambda({ arrived, problem: params.problem }, ({ problem }) => {
        if (problem !== "") throw new Error(problem);
        return { prices: 40_112 };
      }),
      { retries: 0 },
    );
  },
);
