import type { z } from "zod";
import { definitionName, nameOf } from "./arn.ts";
import { ClientError } from "./errors.ts";
import type { Job } from "./job.ts";
import type { JobTable } from "./job-table.ts";
import type * as requests from "./requests.ts";
import type { BatchResources } from "./resources.ts";

type ListRequest = z.output<typeof requests.listJobs>;
type Filter = NonNullable<ListRequest["filters"]>[number];

function matchesText(pattern: string, text: string): boolean {
  const wanted = pattern.toLowerCase();
  const have = text.toLowerCase();
  return wanted.endsWith("*") ? have.startsWith(wanted.slice(0, -1)) : have === wanted;
}

function passesValue(job: Job, name: Filter["name"], value: string): boolean {
  switch (name) {
    case "JOB_NAME":
      return matchesText(value, job.jobName);
    case "JOB_DEFINITION":
      return [definitionName(job.jobDefinition), nameOf(job.jobDefinition), job.jobDefinition].some((text) =>
        matchesText(value, text),
      );
    case "BEFORE_CREATED_AT":
      return job.createdAt < Number(value);
    case "AFTER_CREATED_AT":
      return job.createdAt > Number(value);
  }
}

function passes(job: Job, filter: Filter): boolean {
  return filter.values.some((value) => passesValue(job, filter.name, value));
}

/**
 * ListJobs: the jobs of a queue, or an array's children. A queue's list holds RUNNING jobs unless a status or a filter
 * is given. With a filter it holds jobs of any status, newest first as on AWS, and leaves out the children of arrays.
 */
export function listJobs(
  request: ListRequest,
  table: JobTable,
  resources: BatchResources,
): { jobs: Job[]; nextToken?: string } {
  const sources = [request.jobQueue, request.arrayJobId, request.multiNodeJobId].filter(
    (s) => s !== undefined,
  );
  if (sources.length !== 1) {
    throw new ClientError("Exactly one of jobQueue, arrayJobId and multiNodeJobId must be given");
  }
  const filter = request.filters?.[0];
  if (filter !== undefined && request.jobQueue === undefined) throw new ClientError("filters needs jobQueue");
  const status = request.jobStatus ?? "RUNNING";
  let found: Job[] = [];
  if (request.arrayJobId !== undefined) {
    found = table.childrenOf(request.arrayJobId).filter((job) => job.status === status);
  } else if (request.jobQueue !== undefined) {
    const queue = resources.queue(request.jobQueue);
    if (queue === undefined) throw new ClientError(`JobQueue ${request.jobQueue} does not exist`);
    for (const job of table.all()) {
      if (job.jobQueue !== queue.jobQueueArn || job.parent !== undefined) continue;
      if (filter === undefined ? job.status === status : passes(job, filter)) found.push(job);
    }
    if (filter !== undefined) found.reverse();
  }
  const from = request.nextToken === undefined ? 0 : Number(request.nextToken);
  if (!Number.isSafeInteger(from) || from < 0) throw new ClientError("nextToken: is not one of ours");
  const to = from + request.maxResults;
  return { jobs: found.slice(from, to), ...(to < found.length ? { nextToken: String(to) } : {}) };
}
