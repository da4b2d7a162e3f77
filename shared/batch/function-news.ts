import * as z from "zod";
import { given } from "../platform/given.ts";
import type { JobDetail } from "../ports/batch-service.ts";

const call = z.object({
  id: z.string(),
  name: z.string(),
  environment: z.record(z.string(), z.string()),
  arrayIndex: z.int().nonnegative().optional(),
});

const time = z.iso.datetime({ offset: true }).transform((text) => Date.parse(text));

/** What a function returns. `copy` says that it did nothing, because another execution has the attempt. */
const returned = z.union([
  z.object({ copy: z.literal(true) }),
  z.object({
    exitCode: z.int(),
    reason: z.string().optional(),
    startedAt: time.optional(),
    endedAt: time,
    logGroup: z.string().optional(),
    logStream: z.string().optional(),
  }),
]);

/** What Lambda reports if a function raised an error, or if its process ended. */
const raised = z.object({ errorType: z.string().default(""), errorMessage: z.string().default("") });

/** The record that Lambda sends to a destination (Lambda developer guide, "Capturing records of asynchronous invocations"). */
const functionRecord = z.object({
  requestContext: z.object({ condition: z.string() }),
  requestPayload: call,
  responseContext: z.object({ functionError: z.string().optional() }).optional(),
  responsePayload: z.unknown().optional(),
});

/** The reason for a call that failed, in the words that AWS Batch has for the same. */
function reasonOf({ errorType, errorMessage }: z.output<typeof raised>, condition: string): string {
  if (/EventAgeExceeded|ZeroReservedConcurrency/.test(condition))
    return `RUNNABLE for too long: Lambda did not start the function (${condition})`;
  if (/timed out/i.test(errorMessage)) return `Job attempt duration exceeded timeout: ${errorMessage}`;
  if (/OutOfMemory/.test(errorType) || /signal: killed/.test(errorMessage))
    return `OutOfMemoryError: ${errorMessage}`;
  if (/^Runtime\.ExitError|^Extension\./.test(errorType) || /Runtime exited with error/.test(errorMessage))
    return `Runtime exited: ${errorMessage}`;
  return [errorType, errorMessage].filter(Boolean).join(": ") || "Lambda gives no reason";
}

/**
 * What a destination's record says about a job; undefined if that execution says nothing about it.
 *
 * @throws ZodError if the record isn't about a call of ours
 */
export function functionNews(record: unknown): JobDetail | undefined {
  const { requestContext, requestPayload, responseContext, responsePayload } = functionRecord.parse(record);
  const { id, name, environment, arrayIndex } = requestPayload;
  const job = { id, name, environment, ...given({ arrayIndex }) };
  const { condition } = requestContext;
  if (condition === "Success" && responseContext?.functionError === undefined) {
    const answer = returned.parse(responsePayload);
    if ("copy" in answer) return undefined;
    const { exitCode, reason, startedAt, endedAt, logGroup, logStream } = answer;
    const ended = given({ statusReason: reason, startedAt, logGroup, logStream });
    return { ...job, ...ended, exitCode, state: exitCode === 0 ? "SUCCEEDED" : "FAILED", stoppedAt: endedAt };
  }
  const error = raised.safeParse(responsePayload).data ?? { errorType: "", errorMessage: "" };
  return { ...job, state: "FAILED", statusReason: reasonOf(error, condition) };
}

/**
 * A message as a report of a function's destination; undefined if it is something else. `news` is as in
 * {@link functionNews}.
 *
 * @throws ZodError if it is a report, and not about a call of ours
 */
export function functionReport(message: unknown): { readonly news: JobDetail | undefined } | undefined {
  const isReport = typeof message === "object" && message !== null && "requestPayload" in message;
  return isReport ? { news: functionNews(message) } : undefined;
}
