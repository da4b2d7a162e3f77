/** An object's facts, without its content. */
export type ObjectHead = { bytes: number; versionId?: string; mediaType?: string };

/** An object as a listing tells of it. */
export type ListedObject = {
  uri: string;
  key: string;
  bytes: number;
  /** When it was written: ISO 8601, UTC. */
  at: string;
};

/** A part of a listing, in the order of the keys. `next` asks for the part that follows; without it this was the last. */
export type ObjectPage = { objects: ListedObject[]; next?: string };

/** An exact object: the version that is meant, where the bucket keeps versions; the current one otherwise. */
export type ObjectPlace = { uri: string; versionId?: string | undefined };

/** A copy: the version written, and the SHA-256 (hex) of what was copied. */
export type ObjectCopy = { versionId?: string; sha256: string };

/** Bytes of the largest object that S3 copies in one call (API reference, CopyObject). */
export const maxCopy = 5 * 1024 ** 3;

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
  /**
   * The current objects whose keys begin with a prefix, up to 1,000 a page.
   *
   * @param next what the page before gave
   */
  list(prefix: string, next?: string): Promise<ObjectPage>;
  /**
   * Copies an object of up to {@link maxCopy} bytes with its media type, and without its tags: what a lifecycle rule
   * does with the original by its tags, it does not do with the copy. The bytes never come here. Undefined when there is
   * no such object, or no such version.
   */
  copy(from: ObjectPlace, to: string): Promise<ObjectCopy | undefined>;
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
