/**
 * Whether a service failed by a fault of its own (5xx), or could not be reached at all. The AWS SDK marks every error of a
 * call that it has made with `$metadata`; there is no status in it where no answer came.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error) || !("$metadata" in error)) return false;
  const { $metadata: told } = error;
  if (typeof told !== "object" || told === null) return false;
  const status = "httpStatusCode" in told ? told.httpStatusCode : undefined;
  return status === undefined || (typeof status === "number" && status >= 500);
}
