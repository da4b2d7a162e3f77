/**
 * Whether a service failed through a fault of its own (5xx), or could not be reached at all. The AWS SDK marks every
 * error of a call that it has made with `$metadata`; if no answer came, it contains no status.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error) || !("$metadata" in error)) return false;
  const { $metadata: metadata } = error;
  if (typeof metadata !== "object" || metadata === null) return false;
  const status = "httpStatusCode" in metadata ? metadata.httpStatusCode : undefined;
  return status === undefined || (typeof status === "number" && status >= 500);
}
