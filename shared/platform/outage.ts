/**
 * Whether a service failed through a fault of its own (5xx), or could not be reached at all. The AWS SDK marks every
 * error of a call that it has made with `$metadata`; if no answer came, it contains no status.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error) || !("$metadata" in error)) return false;
  const { $metadata: told } = error;
  if (typeof told !== "object" || told === null) return false;
  const status = "httpStatusCode" in told ? told.httpStatusCode : undefined;
  return status === undefined || (typeof status === "number" && status >= 500);
}
