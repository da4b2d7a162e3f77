import type { AttributeValue } from "@aws-sdk/client-dynamodb";

/** An item as DynamoDB stores it. */
export type Item = Readonly<Record<string, AttributeValue>>;

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

/** About one byte for two digits, and one more. A minus sign takes one too. */
const numberBytes = (text: string) =>
  Math.ceil(text.replace(/[-.]/g, "").length / 2) + 1 + (text.startsWith("-") ? 1 : 0);

function valueBytes(value: AttributeValue): number {
  if (value.S !== undefined) return Buffer.byteLength(value.S);
  if (value.N !== undefined) return numberBytes(value.N);
  if (value.B !== undefined) return value.B.byteLength;
  if (value.SS !== undefined) return sum(value.SS.map((text) => Buffer.byteLength(text)));
  if (value.NS !== undefined) return sum(value.NS.map(numberBytes));
  if (value.BS !== undefined) return sum(value.BS.map((bytes) => bytes.byteLength));
  if (value.L !== undefined) return 3 + sum(value.L.map((part) => 1 + valueBytes(part)));
  if (value.M !== undefined) return 3 + itemBytes(value.M) + Object.keys(value.M).length;
  return 1;
}

/** Bytes of an item as DynamoDB bills them (Developer Guide, "DynamoDB item sizes and formats"). */
export function itemBytes(item: Item): number {
  return sum(Object.entries(item).map(([name, value]) => Buffer.byteLength(name) + valueBytes(value)));
}

/** Units to write an item of this many bytes: one for each 1 KB, and at least one. */
export const writeUnitsFor = (bytes: number) => Math.max(1, Math.ceil(bytes / 1024));

/**
 * Units to read this many bytes: one for each 4 KB, and at least one. Half of that if the read isn't strongly
 * consistent.
 */
export const readUnitsFor = (bytes: number, consistent: boolean) =>
  Math.max(1, Math.ceil(bytes / 4096)) * (consistent ? 1 : 0.5);
