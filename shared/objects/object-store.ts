/** An object's facts, without its content. */
export type ObjectHead = { bytes: number; versionId?: string; mediaType?: string };

/** The data bucket. Locations are `s3://bucket/key`; keys are taken as they are, never decoded. */
export type ObjectStore = {
  /** Location of a key in the data bucket. */
  locate(key: string): string;
  /** @returns the version written, where the bucket keeps versions */
  put(uri: string, body: string | Uint8Array, mediaType: string): Promise<{ versionId?: string }>;
  /** Like put, but only where nothing is yet; false when something is. Repeated, the second call says false. */
  putIfAbsent(uri: string, body: string | Uint8Array, mediaType: string): Promise<boolean>;
  get(uri: string): Promise<Uint8Array | undefined>;
  head(uri: string): Promise<ObjectHead | undefined>;
  /** An object that is not there is no error. */
  delete(uri: string): Promise<void>;
};

/** Text that is not an S3 location. */
export class ObjectUriError extends Error {
  override readonly name = "ObjectUriError";
}

/** Bucket and key of `s3://bucket/key`; the key as it is, for it may hold any character. */
export function parseObjectUri(uri: string): { bucket: string; key: string } {
  const match = /^s3:\/\/([^/]+)\/(.+)$/s.exec(uri);
  const [, bucket, key] = match ?? [];
  if (bucket === undefined || key === undefined) {
    throw new ObjectUriError(`"${uri}" is no location of an object; it looks like s3://bucket/key`);
  }
  return { bucket, key };
}
