import * as z from "zod";
import { approval, definePipeline } from "../../shared/pipeline/index.ts";

/** A pipeline that waits for a person. */
export const modelRelease = definePipeline(
  { name: "model-release", params: z.strictObject({}) },
  ({ step }) => {
    step("approve", approval({ message: "Release the ctr model of this week?", deadline: 86_400 }));
  },
);
