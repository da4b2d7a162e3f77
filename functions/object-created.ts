import { engine } from "../shared/app/aws-engine.ts";
import { messageHandler } from "../shared/app/handler.ts";
import { objectsIn } from "../shared/trigger/s3-event.ts";
import { startForObject } from "../shared/trigger/start-for-object.ts";

/** Starts the runs that wait for the objects of an S3 notification. */
export const handler = messageHandler({
  parse: objectsIn,
  handle: async (objects) => {
    for (const object of objects) await startForObject(engine, object);
  },
});
