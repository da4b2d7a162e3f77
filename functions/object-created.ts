import { engine } from "../shared/app/aws-engine.ts";
import { messageHandler } from "../shared/app/handler.ts";
import { objectsIn } from "../shared/trigger/s3-event.ts";
import { startForObject } from "../shared/trigger/start-for-object.ts";

/** Starts the runs that wait for the objects of an S3 notification. */
export const handler = messageHandler(async (body) => {
  for (const object of objectsIn(body)) await startForObject(engine, object);
});
