import { engine } from "../shared/app/aws-engine.ts";
import { invokedHandler } from "../shared/app/handler.ts";
import { tick } from "../shared/app/tick.ts";

/** Once a minute: starts what is due by the clock and resumes work that was left behind. */
export const handler = invokedHandler((_event, context) =>
  tick(engine, engine.clock.now() + context.getRemainingTimeInMillis()),
);
