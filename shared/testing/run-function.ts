import { functionNews } from "../batch/function-news.ts";
import { identityOf } from "../batch/job-environment.ts";
import { attemptFiles } from "../objects/layout.ts";
import type { JobDetail } from "../ports/batch-service.ts";
import type { FunctionCall } from "../ports/function-invoker.ts";
import type { ObjectStore } from "../ports/object-store.ts";
import { type JobFunction, workAsJob } from "./run-job.ts";

/** A call as Batch would describe its job. */
export function jobOfCall({ id, name, environment, arrayIndex }: FunctionCall): JobDetail {
  return { id, name, environment, state: "RUNNING", ...(arrayIndex !== undefined && { arrayIndex }) };
}

/** What Lambda sends to the destination after a call. @param answer what the function returned, or how it failed */
export function newsOf(
  call: FunctionCall,
  answer: { readonly returned: unknown } | { readonly errorType: string; readonly errorMessage: string },
): JobDetail | undefined {
  const isReturned = "returned" in answer;
  return functionNews({
    requestContext: { condition: isReturned ? "Success" : "RetriesExhausted" },
    requestPayload: call,
    responseContext: isReturned ? {} : { functionError: "Unhandled" },
    responsePayload: isReturned ? answer.returned : answer,
  });
}

/**
 * Does what a family's function does (docs/batch-jobs.md): claims the attempt for this execution, works, and leaves the
 * manifest or an error, and then its end.
 *
 * @param execution unique: Lambda may run one call several times, also under the same request id
 * @returns what the function returns
 */
export async function runFunction(
  objects: ObjectStore,
  call: FunctionCall,
  execution: string,
  now: () => number,
  work: JobFunction,
): Promise<object> {
  const detail = jobOfCall(call);
  const job = identityOf(detail);
  const prefix = `${call.environment.MILLRACE_OUTPUT ?? ""}${job?.index}/${job?.epoch}.${job?.attempt}/`;
  const time = () => new Date(now()).toISOString();
  const startedAt = time();
  const claim = JSON.stringify({ jobId: call.id, execution, claimedAt: startedAt });
  if (!(await objects.putIfAbsent(prefix + attemptFiles.claim, claim, "application/json")))
    return { copy: true };
  // After the claim: a request that comes later finds a job that has begun.
  for (const stop of call.stops) if ((await objects.head(stop)) !== undefined) return { copy: true };
  const exitCode = await workAsJob(objects, detail, prefix, work);
  const end = { exitCode, endedAt: time() };
  await objects.put(prefix + attemptFiles.end, JSON.stringify(end), "application/json");
  return { ...end, startedAt };
}
