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
]);

/**
 * Whether a service refused a call only because there were too many: later it will take it. Errors of our own adapters say
 * so by a field `throttled`.
 */
export function isThrottling(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return "throttled" in error ? error.throttled === true : throttlingNames.has(error.name);
}
