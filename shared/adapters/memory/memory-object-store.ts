import { createHash } from "node:crypto";
import {
  type ListedObject,
  type ObjectCopy,
  type ObjectHead,
  type ObjectPage,
  type ObjectPlace,
  type ObjectStore,
  parseObjectUri,
} from "../../ports/object-store.ts";

type StoredObject = {
  readonly body: Uint8Array;
  readonly mediaType: string;
  readonly versionId: string;
  /** Its place among all writes. */
  readonly written: number;
};

/** Maximum number of objects on a page of a listing. */
const pageSize = 1000;

/** An object store within the process. It keeps every version of an object and reads the current one. */
export class MemoryObjectStore implements ObjectStore {
  private readonly bucket: string;
  private readonly objects = new Map<string, StoredObject>();
  private readonly versions = new Map<string, StoredObject>();
  private writes = 0;

  constructor(bucket = "data") {
    this.bucket = bucket;
  }

  locate(key: string): string {
    return `s3://${this.bucket}/${key}`;
  }

  async put(uri: string, body: string | Uint8Array, mediaType: string): Promise<{ versionId?: string }> {
    parseObjectUri(uri);
    this.writes += 1;
    const versionId = String(this.writes);
    const stored = { body: new Uint8Array(Buffer.from(body)), mediaType, versionId, written: this.writes };
    this.objects.set(uri, stored);
    this.versions.set(`${uri}?${versionId}`, stored);
    return { versionId };
  }

  async putIfAbsent(uri: string, body: string | Uint8Array, mediaType: string): Promise<boolean> {
    if (this.objects.has(uri)) return false;
    await this.put(uri, body, mediaType);
    return true;
  }

  async get(uri: string): Promise<Uint8Array | undefined> {
    parseObjectUri(uri);
    return structuredClone(this.objects.get(uri)?.body);
  }

  async head(uri: string): Promise<ObjectHead | undefined> {
    parseObjectUri(uri);
    const found = this.objects.get(uri);
    return found && { bytes: found.body.byteLength, versionId: found.versionId, mediaType: found.mediaType };
  }

  async list(prefix: string, next = ""): Promise<ObjectPage> {
    const start = this.locate("");
    const keys = this.uris()
      .filter((uri) => uri.startsWith(start + prefix) && uri > next)
      .slice(0, pageSize + 1);
    const objects = keys.slice(0, pageSize).flatMap((uri): ListedObject[] => {
      const found = this.objects.get(uri);
      // Writes here have an order but no time.
      return found === undefined
        ? []
        : [
            {
              uri,
              key: uri.slice(start.length),
              bytes: found.body.byteLength,
              at: new Date(found.written * 1000).toISOString(),
            },
          ];
    });
    const last = objects.at(-1);
    return { objects, ...(keys.length > pageSize && last !== undefined && { next: last.uri }) };
  }

  async copy({ uri, versionId }: ObjectPlace, to: string): Promise<ObjectCopy | undefined> {
    parseObjectUri(uri);
    parseObjectUri(to);
    const found = versionId === undefined ? this.objects.get(uri) : this.versions.get(`${uri}?${versionId}`);
    if (found === undefined) return undefined;
    const sha256 = createHash("sha256").update(found.body).digest("hex");
    return { ...(await this.put(to, found.body, found.mediaType)), sha256 };
  }

  async delete(uri: string): Promise<void> {
    parseObjectUri(uri);
    this.objects.delete(uri);
  }

  /** Locations of all objects, in order. */
  uris(): string[] {
    return [...this.objects.keys()].sort();
  }
}
