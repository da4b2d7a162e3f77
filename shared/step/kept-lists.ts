import * as z from "zod";
import { itemsKey, resultsKey, shardSize } from "../objects/layout.ts";
import { rememberedJson } from "../objects/remembered-json.ts";
import type { Json } from "../pipeline/json.ts";
import { mapConcurrently } from "../platform/map-concurrently.ts";
import type { Engine } from "../ports/engine.ts";
import type { Run } from "../state/run.ts";

// A map whose list or input is computed from other maps reads their results once, when it begins. It keeps them in S3
// for its children, and each child reads one part. Without that, n children would read n results each.

type Objects = Pick<Engine, "objects">;

/** Bytes of JSON after which a part of a list is full: a child reads a whole part to get one item. */
const partBytes = 256 * 1024;

/** Numbers of the first items of all parts, in order. */
const parts = z.array(z.int().nonnegative());

/** Splits a list into parts of up to 200 items and {@link partBytes}; an item that is larger is a part by itself. */
function partsOf(items: readonly Json[]): { readonly first: number; readonly text: string }[] {
  const all: { first: number; texts: string[]; bytes: number }[] = [];
  for (const [index, item] of items.entries()) {
    const text = JSON.stringify(item);
    const bytes = Buffer.byteLength(text);
    const last = all.at(-1);
    if (last === undefined || last.texts.length >= shardSize || last.bytes + bytes > partBytes)
      all.push({ first: index, texts: [text], bytes });
    else {
      last.texts.push(text);
      last.bytes += bytes;
    }
  }
  return all.map(({ first, texts }) => ({ first, text: `[${texts.join()}]` }));
}

/**
 * Keeps the items of a map for its children in this epoch. The numbers of the parts are written last, so a child that
 * finds them finds all parts. It may be repeated: within an epoch, a map's list is always the same.
 */
export async function keepItems(
  { objects }: Objects,
  run: Run,
  step: string,
  items: readonly Json[],
): Promise<void> {
  const locate = (first: number | "parts") => objects.locate(itemsKey(run, step, run.epoch, first));
  const all = partsOf(items);
  await mapConcurrently(all, ({ first, text }) => objects.put(locate(first), text, "application/json"));
  await objects.put(locate("parts"), JSON.stringify(all.map(({ first }) => first)), "application/json");
}

/** The kept item of a child; undefined if none was kept. */
export async function keptItem(
  { objects }: Objects,
  run: Run,
  step: string,
  index: number,
): Promise<{ readonly item: Json } | undefined> {
  const read = (first: number | "parts") =>
    rememberedJson(objects, objects.locate(itemsKey(run, step, run.epoch, first)));
  const begins = parts.safeParse(await read("parts"));
  const first = begins.data?.findLast((each) => each <= index);
  if (first === undefined) return undefined;
  const part = await read(first);
  const item = Array.isArray(part) ? part[index - first] : undefined;
  return item === undefined ? undefined : { item };
}

/** Keeps the results of a map that has succeeded, which never change. */
export async function keepResults(
  { objects }: Objects,
  run: Run,
  step: string,
  results: readonly Json[],
): Promise<void> {
  await objects.put(objects.locate(resultsKey(run, step)), JSON.stringify(results), "application/json");
}

/** The kept results of a map, shared and frozen; undefined if none were kept. */
export async function keptResults(
  { objects }: Objects,
  run: Run,
  step: string,
): Promise<readonly Json[] | undefined> {
  const kept = await rememberedJson(objects, objects.locate(resultsKey(run, step)));
  return Array.isArray(kept) ? kept : undefined;
}
