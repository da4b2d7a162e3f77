/** A function's answer: its result, or the error that it threw. */
export type Invocation =
  | { ok: true; payload: unknown }
  | { ok: false; errorType: string; errorMessage: string };

/**
 * Invokes a deployed function and waits for it.
 * @throws if there is no such function
 */
export async function invokeFunction(
  awsEndpoint: string,
  name: string,
  payload: unknown,
): Promise<Invocation> {
  const response = await fetch(
    `${awsEndpoint}/2015-03-31/functions/${encodeURIComponent(name)}/invocations`,
    {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(payload ?? null),
    },
  );
  const text = await response.text();
  if (!response.ok) throw new Error(`${name}: ${text}`);
  const body: unknown = text === "" ? undefined : JSON.parse(text);
  if (response.headers.get("x-amz-function-error") === null) return { ok: true, payload: body };
  const error = body as { errorType?: string; errorMessage?: string };
  return { ok: false, errorType: error.errorType ?? "Error", errorMessage: error.errorMessage ?? text };
}
