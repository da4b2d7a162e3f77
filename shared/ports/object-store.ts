import { errorOf } from "../pipeline/millrace-error.ts";
/** An object's metadata, without its content. */
export type ObjectHead = { bytes: number; versionId?: string; mediaType?: string };

/** An object's entry in a listing. */
export type ListedObject = {
  uri: string;
  key: string;
  bytes: number;
  /** When it was written: ISO 8601, UTC. */
  at: string;
};

/**
 * A part of a listing, in the order of the keys. `next` requests the part that follows; without it, this is the last
 * one.
 */
export type ObjectPage = { objects: ListedObject[]; next?: string };

/** An exact object: a specific version if the bucket keeps versions; otherwise the current one. */
export type ObjectPlace = { uri: string; versionId?: string | undefined };

/** A copy: the version written, and the SHA-256 (hex) of the copied bytes. */
export type ObjectCopy = { versionId?: string; sha256: string };

/** Maximum size in bytes of an object that S3 copies in one call (API reference, CopyObject). */
export const maxCopy = 5 * 1024 ** 3;

/** The data bucket. Locations are `s3://bucket/key`; keys are used as they are and never decoded. */
export type ObjectStore = {
  /** Location of a key in the data bucket. */
  locate(key: string): string;
  /** @returns the version written, if the bucket keeps versions */
  put(uri: string, body: string | Uint8Array, mediaType: string): Promise<{ versionId?: string }>;
  /**
   * Like put, but only if nothing exists yet; false if something does. If it is repeated, the second call returns
   * false.
   */
  putIfAbsent(uri: string, body: string | Uint8Array, mediaType: string): Promise<boolean>;
  get(uri: string): Promise<Uint8Array | undefined>;
  head(uri: string): Promise<ObjectHead | undefined>;
  /**
   * The current objects whose keys begin with a prefix, up to 1,000 per page.
   *
   * @param next the `next` of the previous page
   */
  list(prefix: string, next?: string): Promise<ObjectPage>;
  /**
   * Copies an object of up to {@link maxCopy} bytes with its media type, and without its tags: lifecycle rules that
   * match the original's tags don't apply to the copy. The bytes never pass through here. Undefined if there is no such
   * object or no such version.
   */
  copy(from: ObjectPlace, to: string): Promise<ObjectCopy | undefined>;
  /** It is not an error if the object doesn't exist. */
  delete(uri: string): Promise<void>;
};

/** Text that is not an S3 location. */
export class ObjectUriError extends errorOf("OBJECT_URI") {}

/** Bucket and key of `s3://bucket/key`. The key isn't decoded, because it may hold any character. */
export function parseObjectUri(uri: string): { bucket: string; key: string } {
  const match = /^s3:\/\/([^/]+)\/(.+)$/s.exec(uri);
  const [, bucket, key] = match ?? [];
  if (bucket === undefined || key === undefined) {
    throw new ObjectUriError(`"${uri}" is not the location of an object`);
  }
  return { bucket, key };
}
