import * as z from "zod";
import { FatalError, type StepContext } from "../shared/pipeline/index.ts";

/** A calendar month; `month` is 1 to 12. */
export type Month = { year: number; month: number };

/** A month's rides: the file at its current version. */
export type MonthFile = Month & { uri: string; versionId?: string; bytes: number };

/** Parameters that name a month's file: `{prefix}/{taxi_type}_tripdata_{YYYY}-{MM}.parquet`. */
export const monthParams = {
  /** Only green: the yellow taxis' files have other columns. */
  taxi_type: z.enum(["green"]).default("green"),
  /** The month; if both are null, the month before the scheduled time. */
  year: z.int().min(2009).max(2099).nullable().default(null),
  month: z.int().min(1).max(12).nullable().default(null),
  /** Folder that contains the months' files. */
  prefix: z
    .string()
    .regex(/^raw\/[^/].*[^/]$/, "is a folder under raw/, without a slash at its end")
    .default("raw/taxi"),
};

/** Whether a month is named completely, or not at all. */
export const namesMonth = ({ year, month }: { year: number | null; month: number | null }) =>
  (year === null) === (month === null);

/** The error for a month with only one of year and month. */
export const halfMonth = { error: "give both year and month, or neither", path: ["month"] };

/** The parameters that a function needs to find a month. */
export type Wanted = { taxi_type: string; year: number | null; month: number | null; prefix: string };

/** The month that lies N months before a month. */
export function monthsBefore({ year, month }: Month, months: number): Month {
  const number = year * 12 + month - 1 - months;
  return { year: Math.floor(number / 12), month: (number % 12) + 1 };
}

/** The requested month: the named one, or the month before a time (ISO 8601, UTC). */
export function monthOf({ year, month }: Pick<Wanted, "year" | "month">, scheduledAt: string): Month {
  if (year !== null && month !== null) return { year, month };
  const time = new Date(scheduledAt);
  return monthsBefore({ year: time.getUTCFullYear(), month: time.getUTCMonth() + 1 }, 1);
}

/** `2021-03`, the form of months in file names. */
export const monthText = ({ year, month }: Month) => `${year}-${String(month).padStart(2, "0")}`;

/**
 * Finds the file of a month's rides.
 *
 * @throws FatalError with the object's key if there is no such file
 */
export async function findMonth(
  { taxi_type, prefix }: Pick<Wanted, "taxi_type" | "prefix">,
  month: Month,
  { raw }: Pick<StepContext, "raw">,
): Promise<MonthFile> {
  const key = `${prefix}/${taxi_type}_tripdata_${monthText(month)}.parquet`;
  const listed = (await raw.list(key)).find((object) => object.key === key);
  const found = listed && (await raw.find(listed.uri));
  if (found === undefined) {
    throw new FatalError(`${key} does not exist; drop the month's file there, or name another month`);
  }
  return { ...found, ...month };
}
