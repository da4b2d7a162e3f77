/** Names that AWS services give to "too fast" (AWS SDK for JavaScript, `service-error-classification`). */
const throttlingNames: ReadonlySet<string> = new Set([
  "BandwidthLimitExceeded",
  "EC2ThrottledException",
  "LimitExceededException",
  "PriorRequestNotComplete",
  "ProvisionedThroughputExceededException",
  "RequestLimitExceeded",
  "RequestThrottled",
  "RequestThrottledException",
  "SlowDown",
  "ThrottledException",
  "Throttling",
  "ThrottlingException",
  "TooManyRequestsException",
  // What our own adapters say when they met contention again and again.
  "TransactionConflictError",
  "UnprocessedKeysError",
]);

/** Whether a service refused a call only because there were too many: later it will take it. */
export function isThrottling(error: unknown): boolean {
  return error instanceof Error && throttlingNames.has(error.name);
}
