/** Where a price was read, and how certain it is. */
type Source = {
  /** Dollars. */
  readonly dollars: number;
  readonly unit: string;
  /** Month or day of the text that it was read from. */
  readonly date: string;
  readonly source: string;
  /** False if it wasn't read from a stored copy of AWS's own page but from a page that repeats it. */
  readonly confirmed: boolean;
};

/** The name of this list, which is kept with each cost. If a price changes, the list gets another name. */
export const priceList = "us-east-1 2026";

const million = 1_000_000;
const gigabyte = 1_000_000_000;

/**
 * AWS's list prices in us-east-1, without free tiers and discounts. Scripts fill most prices into AWS's own pages, so
 * copies of those pages lack them. A price that could only be read elsewhere says so.
 */
export const prices = {
  writeUnit: {
    dollars: 0.625 / million,
    unit: "DynamoDB on demand: $0.625 per million write units of 1 KB",
    date: "since November 2024; read in a guide of 2025",
    source: "airbyte.com, data-engineering-resources/dynamodb-pricing",
    confirmed: false,
  },
  readUnit: {
    dollars: 0.125 / million,
    unit: "DynamoDB on demand: $0.125 per million read units of 4 KB, strongly consistent",
    date: "since November 2024; read in a guide of 2025",
    source: "airbyte.com, data-engineering-resources/dynamodb-pricing",
    confirmed: false,
  },
  queueRequest: {
    dollars: 0.4 / million,
    unit: "SQS, standard queue: $0.40 per million requests of 64 KB; a batch of ten messages is one request",
    date: "March 2026",
    source: "cloudburn.io, blog/amazon-sqs-pricing",
    confirmed: false,
  },
  invocation: {
    dollars: 0.2 / million,
    unit: "Lambda: $0.20 per million invocations",
    date: "20 September 2026",
    source: "aws.amazon.com/lambda/pricing, as api-evangelist/aws-lambda transcribed it",
    confirmed: false,
  },
  gigabyteSecond: {
    dollars: 0.0000133334,
    unit: "Lambda on arm64, first tier: $0.0000133334 per GB-second",
    date: "May 2026",
    source: "a cost guide on git.mcrn.ar",
    confirmed: false,
  },
  objectPut: {
    dollars: 0.005 / 1000,
    unit: "S3 Standard: $0.005 per 1,000 PUT",
    date: "2026",
    source: "c3x.dev, blog/s3-request-fees-explained",
    confirmed: false,
  },
  objectGet: {
    dollars: 0.0004 / 1000,
    unit: "S3 Standard: $0.0004 per 1,000 GET",
    date: "2026",
    source: "c3x.dev, blog/s3-request-fees-explained",
    confirmed: false,
  },
  logByte: {
    dollars: 0.5 / gigabyte,
    unit: "CloudWatch Logs, standard: $0.50 per GB taken in; each line counts 26 bytes more",
    date: "June 2026",
    source: "c3x.dev, blog/cloudwatch-logs-cost-optimization",
    confirmed: false,
  },
  stateTransition: {
    dollars: 25 / million,
    unit: "Step Functions, Standard: $0.025 per 1,000 state transitions",
    date: "undated copy",
    source: "aws.amazon.com/step-functions/pricing",
    confirmed: true,
  },
  durableOperation: {
    dollars: 8 / million,
    unit: "Lambda durable functions: $8.00 per million durable operations",
    date: "20 September 2026",
    source: "aws.amazon.com/lambda/pricing, an example there, as api-evangelist/aws-lambda transcribed it",
    confirmed: false,
  },
} as const satisfies Record<string, Source>;

/** What a share of an EC2 machine costs on demand, in us-east-1 under Linux. AWS bills whole machines. */
export const machinePrices = {
  vcpuHour: {
    dollars: 0.0357,
    unit: "EC2 on demand: $0.0357 per vCPU-hour, so that with memory c6i.large is $0.085 and r6i.large $0.126 an hour",
    date: "2025 and 2026",
    source: "tables in several public repositories, which agree; m6i.large comes out 3% too high",
    confirmed: false,
  },
  gibibyteHour: {
    dollars: 0.00342,
    unit: "EC2 on demand: $0.00342 per GiB-hour, from the same two",
    date: "2025 and 2026",
    source: "tables in several public repositories, which agree",
    confirmed: false,
  },
  gpuHour: {
    dollars: 0.329,
    unit: "EC2 on demand: $0.329 per GPU-hour, what is left of g4dn.xlarge's $0.526; g6 and g5 are two and two and a half times that",
    date: "2025 and 2026",
    source: "tables in several public repositories, which agree",
    confirmed: false,
  },
} as const satisfies Record<string, Source>;

/**
 * How much less a Spot machine costs than one on demand. It changes by the hour, zone and type. AWS's own example (EC2
 * Auto Scaling user guide, "Spot price per unit hour") has c5.2xlarge at $0.170 to $0.191 instead of $0.34.
 */
export const spotDiscount = 0.5;

/** Dollars for a million steps, from the dollars for one, rounded as prices are. */
export const perMillion = (dollars: number) => Math.round(dollars * million * 1000) / 1000;
