import * as z from "zod";
import { FatalError, type StepContext } from "../shared/pipeline/index.ts";

/** A month of the calendar; `month` is 1 to 12. */
export type Month = { year: number; month: number };

/** A month's rides: the file at the version that it has now. */
export type MonthFile = Month & { uri: string; versionId?: string; bytes: number };

/** Parameters that name a month's file: `{prefix}/{taxi_type}_tripdata_{YYYY}-{MM}.parquet`. */
export const monthParams = {
  /** The yellow taxis' files have other columns. */
  taxi_type: z.enum(["green"]).default("green"),
  /** The month; the one before the run's time when both are left out. */
  year: z.int().min(2009).max(2099).nullable().default(null),
  month: z.int().min(1).max(12).nullable().default(null),
  /** Folder of the months' files. */
  prefix: z
    .string()
    .regex(/^raw\/[^/].*[^/]$/, "is a folder under raw/, without a slash at its end")
    .default("raw/taxi"),
};

/** Whether a month is named in full, or not at all. */
export const namesMonth = ({ year, month }: { year: number | null; month: number | null }) =>
  (year === null) === (month === null);

/** What is wrong with a month that is named by halves. */
export const halfMonth = { error: "give both year and month, or neither", path: ["month"] };

/** What a function has to know to find a month. */
export type Wanted = { taxi_type: string; year: number | null; month: number | null; prefix: string };

/** So many months before a month. */
export function monthsBefore({ year, month }: Month, months: number): Month {
  const number = year * 12 + month - 1 - months;
  return { year: Math.floor(number / 12), month: (number % 12) + 1 };
}

/** The month that is asked for: the one that is named, or else the one before a time (ISO 8601, UTC). */
export function monthOf({ year, month }: Pick<Wanted, "year" | "month">, scheduledAt: string): Month {
  if (year !== null && month !== null) return { year, month };
  const time = new Date(scheduledAt);
  return monthsBefore({ year: time.getUTCFullYear(), month: time.getUTCMonth() + 1 }, 1);
}

/** `2021-03`, as months stand in names of files. */
export const monthText = ({ year, month }: Month) => `${year}-${String(month).padStart(2, "0")}`;

/**
 * Finds the file of a month's rides.
 *
 * @throws FatalError when there is none, naming the object
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
