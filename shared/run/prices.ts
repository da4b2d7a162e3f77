/** The name of this list, which is kept with each cost. If a price changes, the list gets another name. */
export const priceList = "us-east-1 2026";

type Price = { readonly dollars: number };

const million = 1_000_000;
const gigabyte = 1_000_000_000;

/**
 * AWS's list prices in us-east-1, without free tiers and discounts. price-sources.ts has the unit of each, and where it
 * was read: every function holds this file, and none shows those texts.
 */
export const prices = {
  writeUnit: { dollars: 0.625 / million },
  readUnit: { dollars: 0.125 / million },
  queueRequest: { dollars: 0.4 / million },
  invocation: { dollars: 0.2 / million },
  gigabyteSecond: { dollars: 0.0000133334 },
  jobGigabyteSecond: { dollars: 0.0000166667 },
  objectPut: { dollars: 0.005 / 1000 },
  objectGet: { dollars: 0.0004 / 1000 },
  logByte: { dollars: 0.5 / gigabyte },
} as const satisfies Record<string, Price>;

/** What a share of an EC2 machine costs on demand, in us-east-1 under Linux. AWS bills whole machines. */
export const machinePrices = {
  vcpuHour: { dollars: 0.0357 },
  gibibyteHour: { dollars: 0.00342 },
  gpuHour: { dollars: 0.329 },
} as const satisfies Record<string, Price>;

/**
 * How much less a Spot machine costs than one on demand. It changes by the hour, zone and type. AWS's own example (EC2
 * Auto Scaling user guide, "Spot price per unit hour") has c5.2xlarge at $0.170 to $0.191 instead of $0.34.
 */
export const spotDiscount = 0.5;

/** Dollars for a million steps, from the dollars for one, rounded as prices are. */
export const perMillion = (dollars: number) => Math.round(dollars * million * 1000) / 1000;
