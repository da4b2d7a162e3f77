import * as z from "zod";
import { errorOf } from "../pipeline/millrace-error.ts";
import type { LandedObject } from "../pipeline/pipeline.ts";

const record = z.object({
  eventName: z.string(),
  eventTime: z.iso.datetime({ offset: true }),
  s3: z.object({
    bucket: z.object({ name: z.string().min(1) }),
    object: z.object({
      key: z.string().min(1),
      size: z.number().optional(),
      versionId: z.string().optional(),
      sequencer: z.string().optional(),
    }),
  }),
});

/** S3 sends this once when notifications are set up. */
const testEvent = z.object({ Event: z.literal("s3:TestEvent") });
const s3Event = z.union([z.object({ Records: z.array(record) }), testEvent]);

/** A message that is not an S3 notification. */
export class S3EventError extends errorOf("EVENT_INVALID") {}

/**
 * A key as its uploader wrote it. Events contain keys URL-encoded, with `+` for a space (Amazon S3 user guide, "Event
 * message structure").
 */
export function decodeKey(encoded: string): string {
  return decodeURIComponent(encoded.replaceAll("+", " "));
}

/**
 * The objects in an S3 notification. Test events, other kinds of event and folder markers (empty objects whose key ends
 * in `/`) yield none.
 *
 * @throws S3EventError for a text that is not an S3 notification
 */
export function objectsIn(body: string): LandedObject[] {
  let json: unknown;
  try {
    json = JSON.parse(body);
  } catch {
    throw new S3EventError(`message is not JSON: ${body.slice(0, 100)}`);
  }
  const event = s3Event.safeParse(json);
  if (!event.success) throw new S3EventError(`message is not an S3 event: ${z.prettifyError(event.error)}`);
  if (!("Records" in event.data)) return [];
  return event.data.Records.flatMap(({ eventName, eventTime, s3: { bucket, object } }) => {
    const key = decodeKey(object.key);
    const bytes = object.size ?? 0;
    if (!/^(s3:)?ObjectCreated:/.test(eventName) || (key.endsWith("/") && bytes === 0)) return [];
    const landed: LandedObject = {
      uri: `s3://${bucket.name}/${key}`,
      bucket: bucket.name,
      key,
      bytes,
      at: new Date(eventTime).toISOString(),
      ...(object.versionId !== undefined && { versionId: object.versionId }),
      ...(object.sequencer !== undefined && { sequencer: object.sequencer }),
    };
    return [landed];
  });
}
