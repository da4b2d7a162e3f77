/**
 * Names of the errors with which AWS services reject calls that come too fast (AWS SDK for JavaScript,
 * `service-error-classification`).
 */
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
 * Whether a service refused a call only because there were too many: it will accept it later. Our own adapters' errors
 * have a field `throttled` for this.
 */
export function isThrottling(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return "throttled" in error ? error.throttled === true : throttlingNames.has(error.name);
}
