import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SQSEvent } from "aws-lambda";

/** A sample event from events/, as `sls invoke -p` would send it. */
export function sampleEvent(name: string): unknown {
  return JSON.parse(readFileSync(join(__dirname, "..", "events", `${name}.json`), "utf8"));
}

/** Body of the only message in a sample event of a queue. */
export function sampleBody(name: string): string {
  const [record] = (sampleEvent(name) as SQSEvent).Records;
  if (record === undefined) throw new Error(`events/${name}.json has no record`);
  return record.body;
}
