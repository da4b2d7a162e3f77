import { createHash } from "node:crypto";
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
  S3ServiceException,
} from "@aws-sdk/client-s3";
import { type Backoff, pauseBeforeRetry } from "../../platform/pause-before-retry.ts";
import { type ObjectPlace, type ObjectStore, parseObjectUri } from "../../ports/object-store.ts";

/** For conditional writes that met a concurrent one, which S3 asks to retry, and for reads that broke off. */
const defaultBackoff: Backoff = { tries: 6, first: 50, max: 1_000 };

const statusOf = (error: unknown) =>
  error instanceof S3ServiceException ? error.$metadata.httpStatusCode : undefined;
/** Whether an error means that the object doesn't exist. A missing bucket is a mistake and stays an error. */
const isMissing = (error: unknown) =>
  error instanceof S3ServiceException && (error.name === "NoSuchKey" || error.name === "NotFound");
const isMissingSource = (error: unknown) =>
  isMissing(error) || (error instanceof S3ServiceException && error.name === "NoSuchVersion");

const placeOf = (uri: string) => {
  const { bucket, key } = parseObjectUri(uri);
  return { Bucket: bucket, Key: key };
};
/** An object as the source of a copy. It goes into a header, so every character except the slash is encoded. */
const sourceOf = ({ uri, versionId }: ObjectPlace) => {
  const { bucket, key } = parseObjectUri(uri);
  const path = `${bucket}/${key.split("/").map(encodeURIComponent).join("/")}`;
  return versionId === undefined ? path : `${path}?versionId=${encodeURIComponent(versionId)}`;
};
const contentOf = (body: string | Uint8Array, mediaType: string) => ({
  Body: body,
  ContentType: mediaType,
  // Without it the SDK treats an empty body as a stream of unknown length, and warns.
  ContentLength: Buffer.byteLength(body),
});

/** SHA-256 (hex) of an object, read as a stream: for S3-like stores that return no checksum for a copy. */
async function hashOf(client: S3Client, uri: string, versionId: string | undefined): Promise<string> {
  const { Body: body } = await client.send(new GetObjectCommand({ ...placeOf(uri), VersionId: versionId }));
  const hash = createHash("sha256");
  for await (const chunk of body as AsyncIterable<Uint8Array>) hash.update(chunk);
  return hash.digest("hex");
}

/** The data bucket in S3. */
export function s3ObjectStore(
  client: S3Client,
  bucket: string,
  backoff: Backoff = defaultBackoff,
): ObjectStore {
  const bodyOf = async (uri: string) => {
    try {
      return (await client.send(new GetObjectCommand(placeOf(uri)))).Body;
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  };
  return {
    locate: (key) => `s3://${bucket}/${key}`,

    async put(uri, body, mediaType) {
      const { VersionId: versionId } = await client.send(
        new PutObjectCommand({ ...placeOf(uri), ...contentOf(body, mediaType) }),
      );
      return versionId === undefined ? {} : { versionId };
    },

    async putIfAbsent(uri, body, mediaType) {
      const write = { ...placeOf(uri), ...contentOf(body, mediaType), IfNoneMatch: "*" };
      for (let tried = 1; ; tried += 1) {
        try {
          await client.send(new PutObjectCommand(write));
          return true;
        } catch (error) {
          if (statusOf(error) === 412) return false;
          if (statusOf(error) !== 409 || tried === backoff.tries) throw error;
          await pauseBeforeRetry(backoff, tried);
        }
      }
    },

    async get(uri) {
      for (let tried = 1; ; tried += 1) {
        const body = await bodyOf(uri);
        try {
          return await body?.transformToByteArray();
        } catch (error) {
          // The connection broke. The SDK retries requests, but not the reading of their answers.
          if (tried === backoff.tries) throw error;
          await pauseBeforeRetry(backoff, tried);
        }
      }
    },

    async head(uri) {
      try {
        const found = await client.send(new HeadObjectCommand(placeOf(uri)));
        return {
          bytes: found.ContentLength ?? 0,
          ...(found.VersionId !== undefined && { versionId: found.VersionId }),
          ...(found.ContentType !== undefined && { mediaType: found.ContentType }),
        };
      } catch (error) {
        if (isMissing(error)) return undefined;
        throw error;
      }
    },

    async list(prefix, next) {
      const page = await client.send(
        new ListObjectsV2Command({ Bucket: bucket, Prefix: prefix, ContinuationToken: next }),
      );
      const objects = (page.Contents ?? []).flatMap(({ Key: key, Size: bytes = 0, LastModified: at }) =>
        key === undefined || at === undefined
          ? []
          : [{ uri: `s3://${bucket}/${key}`, key, bytes, at: at.toISOString() }],
      );
      return {
        objects,
        ...(page.NextContinuationToken !== undefined && { next: page.NextContinuationToken }),
      };
    },

    async copy(from, to) {
      const copy = new CopyObjectCommand({
        ...placeOf(to),
        CopySource: sourceOf(from),
        // S3 computes it over the copied bytes, whatever checksum the source came with.
        ChecksumAlgorithm: "SHA256",
        TaggingDirective: "REPLACE",
      });
      try {
        const { VersionId: versionId, CopyObjectResult: result } = await client.send(copy);
        const checksum = result?.ChecksumSHA256;
        const sha256 =
          checksum === undefined
            ? await hashOf(client, to, versionId)
            : Buffer.from(checksum, "base64").toString("hex");
        return { ...(versionId !== undefined && { versionId }), sha256 };
      } catch (error) {
        if (isMissingSource(error)) return undefined;
        throw error;
      }
    },

    async delete(uri) {
      await client.send(new DeleteObjectCommand(placeOf(uri)));
    },
  };
}
