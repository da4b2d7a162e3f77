import * as z from "zod";
import {
  approval,
  cron,
  definePipeline,
  FatalError,
  lambda,
  type Pipeline,
  type StepContext,
} from "../../shared/pipeline/index.ts";
import { lineCount } from "../../templates/batch/pipelines/line-count.ts";
import { modelPipeline } from "../engine/model-pipeline.ts";

function check({ sound }: { sound: boolean }, { log }: StepContext): { sound: boolean } {
  log.warn("looked at it", { sound });
  if (!sound) throw new FatalError("it is not sound");
  return { sound };
}

/** Waits for a person. One run at a time. */
const signOff = definePipeline(
  {
    name: "sign-off",
    params: z.strictObject({ sound: z.boolean().default(true) }),
    maxActiveRuns: 1,
  },
  ({ params, step }) => {
    const checked = step("check", lambda({ sound: params.sound }, check));
    step("sign_off", approval({ message: "is it fine?", deadline: 3600, byDefault: "reject" }), {
      after: [checked],
    });
  },
);

/** Ends at once. */
const day = definePipeline(
  { name: "day", params: z.strictObject({}), triggers: [cron("0 3 * * *", { active: false })] },
  ({ run, step }) =>
    step(
      "note",
      lambda({ at: run.scheduledAt }, ({ at }) => at),
    ),
);

export const pipelines: readonly Pipeline[] = [lineCount, signOff, day, modelPipeline];
