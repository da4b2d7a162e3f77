import { simulatedJob } from "../../../simulation/spec/define-spec.ts";

/** Jobs of the simulator's pipelines; the Python beside this file does them on the local stack. */
export const sim = { work: simulatedJob };
