import type { machinePrices, prices } from "./prices.ts";

/** Where a price was read, and how certain it is. */
type Source = {
  readonly unit: string;
  /** Month or day of the text that it was read from. */
  readonly date: string;
  readonly source: string;
  /** False if it wasn't read from a stored copy of AWS's own page but from a page that repeats it. */
  readonly confirmed: boolean;
};

/**
 * Where each price was read. Scripts fill most prices into AWS's own pages, so copies of those pages lack them. A price
 * that could only be read elsewhere says so.
 */
export const priceSources: Readonly<Record<keyof typeof prices, Source>> = {
  writeUnit: {
    unit: "DynamoDB on demand: $0.625 per million write units of 1 KB",
    date: "since November 2024; read in a guide of 2025",
    source: "airbyte.com, data-engineering-resources/dynamodb-pricing",
    confirmed: false,
  },
  readUnit: {
    unit: "DynamoDB on demand: $0.125 per million read units of 4 KB, strongly consistent",
    date: "since November 2024; read in a guide of 2025",
    source: "airbyte.com, data-engineering-resources/dynamodb-pricing",
    confirmed: false,
  },
  queueRequest: {
    unit: "SQS, standard queue: $0.40 per million requests of 64 KB; a batch of ten messages is one request",
    date: "March 2026",
    source: "cloudburn.io, blog/amazon-sqs-pricing",
    confirmed: false,
  },
  invocation: {
    unit: "Lambda: $0.20 per million invocations",
    date: "20 September 2026",
    source: "aws.amazon.com/lambda/pricing, as api-evangelist/aws-lambda transcribed it",
    confirmed: false,
  },
  gigabyteSecond: {
    unit: "Lambda on arm64, first tier: $0.0000133334 per GB-second",
    date: "May 2026",
    source: "a cost guide on git.mcrn.ar",
    confirmed: false,
  },
  jobGigabyteSecond: {
    unit: "Lambda on x86, first tier: $0.0000166667 per GB-second",
    date: "May 2026",
    source: "a cost guide on git.mcrn.ar",
    confirmed: false,
  },
  objectPut: {
    unit: "S3 Standard: $0.005 per 1,000 PUT",
    date: "2026",
    source: "c3x.dev, blog/s3-request-fees-explained",
    confirmed: false,
  },
  objectGet: {
    unit: "S3 Standard: $0.0004 per 1,000 GET",
    date: "2026",
    source: "c3x.dev, blog/s3-request-fees-explained",
    confirmed: false,
  },
  logByte: {
    unit: "CloudWatch Logs, standard: $0.50 per GB taken in; each line counts 26 bytes more",
    date: "June 2026",
    source: "c3x.dev, blog/cloudwatch-logs-cost-optimization",
    confirmed: false,
  },
};

/** Where each price of a machine was read. */
export const machinePriceSources: Readonly<Record<keyof typeof machinePrices, Source>> = {
  vcpuHour: {
    unit: "EC2 on demand: $0.0357 per vCPU-hour, so that with memory c6i.large is $0.085 and r6i.large $0.126 an hour",
    date: "2025 and 2026",
    source: "tables in several public repositories, which agree; m6i.large comes out 3% too high",
    confirmed: false,
  },
  gibibyteHour: {
    unit: "EC2 on demand: $0.00342 per GiB-hour, from the same two",
    date: "2025 and 2026",
    source: "tables in several public repositories, which agree",
    confirmed: false,
  },
  gpuHour: {
    unit: "EC2 on demand: $0.329 per GPU-hour, what is left of g4dn.xlarge's $0.526; g6 and g5 are two and two and a half times that",
    date: "2025 and 2026",
    source: "tables in several public repositories, which agree",
    confirmed: false,
  },
};

/** What others ask for the same work, per unit. Nothing here uses it. */
export const othersPrices = {
  stateTransition: {
    dollars: 25e-6,
    unit: "Step Functions, Standard: $0.025 per 1,000 state transitions",
    date: "undated copy",
    source: "aws.amazon.com/step-functions/pricing",
    confirmed: true,
  },
  durableOperation: {
    dollars: 8e-6,
    unit: "Lambda durable functions: $8.00 per million durable operations",
    date: "20 September 2026",
    source: "aws.amazon.com/lambda/pricing, an example there, as api-evangelist/aws-lambda transcribed it",
    confirmed: false,
  },
} as const satisfies Record<string, Source & { readonly dollars: number }>;
