import { freezeJson, type Json } from "../pipeline/json.ts";
import type { ObjectStore } from "../ports/object-store.ts";

/** Bytes of a store's JSON text that a worker remembers. The parsed values take several times as much memory. */
export const rememberedBytes = 8 * 1024 * 1024;

type Remembered = { readonly value: Promise<Json | undefined>; bytes: number };

/** The values read from one store, least recently used first. */
class Memory {
  private readonly values = new Map<string, Remembered>();
  private bytes = 0;

  read(objects: ObjectStore, uri: string): Promise<Json | undefined> {
    const known = this.values.get(uri);
    if (known !== undefined) {
      this.values.delete(uri);
      this.values.set(uri, known);
      return known.value;
    }
    const read = async () => {
      let bytes: number | undefined;
      try {
        const body = await objects.get(uri);
        const value = body && freezeJson(JSON.parse(new TextDecoder().decode(body)) as Json);
        bytes = body?.byteLength;
        return value;
      } finally {
        this.keep(uri, entry, bytes);
      }
    };
    // Kept from the start: children in one batch ask at the same time, and the first one's read serves them all.
    const entry: Remembered = { value: read(), bytes: 0 };
    this.values.set(uri, entry);
    return entry.value;
  }

  /** Counts a value that was read, or forgets one that could not be read or is too large. */
  private keep(uri: string, entry: Remembered, bytes: number | undefined): void {
    if (this.values.get(uri) !== entry) return;
    if (bytes === undefined || bytes > rememberedBytes) {
      this.values.delete(uri);
      return;
    }
    entry.bytes = bytes;
    this.bytes += bytes;
    for (const [oldest, { bytes: freed }] of this.values) {
      if (this.bytes <= rememberedBytes) return;
      this.values.delete(oldest);
      this.bytes -= freed;
    }
  }
}

const memories = new WeakMap<ObjectStore, Memory>();

/**
 * Reads a JSON object that is written once and never changed, such as a step's result. The children of a map all read
 * the same list, and parsing it for each of them would make a map's time grow with the square of its size.
 *
 * The returned value is shared and frozen. Before passing it to code that may change it, make a copy (`copyJson`). Each
 * store keeps up to {@link rememberedBytes}. An object that is missing or can't be read is not remembered.
 *
 * @returns undefined if the object doesn't exist
 */
export function rememberedJson(objects: ObjectStore, uri: string): Promise<Json | undefined> {
  const memory = memories.get(objects) ?? new Memory();
  memories.set(objects, memory);
  return memory.read(objects, uri);
}
