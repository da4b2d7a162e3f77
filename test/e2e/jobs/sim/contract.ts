import { simulatedJob } from "../../../simulation/spec/define-spec.ts";

/** Jobs of the simulator's pipelines. The Python code beside this file implements them for the local stack. */
export const sim = { work: simulatedJob };
