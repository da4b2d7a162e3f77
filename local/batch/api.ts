import { type Context, Hono } from "hono";
import { z } from "zod";
import { ClientError, ServerError, ThrottledError } from "./errors.ts";
import type { Job } from "./job.ts";
import { listJobs } from "./listing.ts";
import { misbehaviourSchema } from "./misbehaviour.ts";
import { jobDetail, jobSummary } from "./present.ts";
import * as requests from "./requests.ts";
import type { BatchService } from "./service.ts";

const OPERATIONS = [
  "CancelJob",
  "CreateComputeEnvironment",
  "CreateJobQueue",
  "DeregisterJobDefinition",
  "DescribeComputeEnvironments",
  "DescribeJobDefinitions",
  "DescribeJobQueues",
  "DescribeJobs",
  "ListJobs",
  "RegisterJobDefinition",
  "SubmitJob",
  "TerminateJob",
] as const;

type Operation = (typeof OPERATIONS)[number];
type Handler = (service: BatchService, body: unknown) => Record<string, unknown>;

function detail(service: BatchService, job: Job): Record<string, unknown> {
  return jobDetail(job, service.table.summaryOf(job.jobId));
}

const HANDLERS: Record<Operation, Handler> = {
  SubmitJob: (service, body) => {
    const { jobArn, jobId, jobName } = service.submit(requests.parseRequest(requests.submitJob, body));
    return { jobArn, jobId, jobName };
  },
  DescribeJobs: (service, body) => {
    const { jobs } = requests.parseRequest(requests.describeJobs, body);
    const found = jobs.map((id) => service.job(id)).filter((job) => job !== undefined);
    return { jobs: found.map((job) => detail(service, job)) };
  },
  ListJobs: (service, body) => {
    const request = requests.parseRequest(requests.listJobs, body);
    const { jobs, nextToken } = listJobs(request, service.table, service.resources);
    const summaries = jobs.map((job) => jobSummary(job, service.table.summaryOf(job.jobId)));
    return { jobSummaryList: summaries, ...(nextToken === undefined ? {} : { nextToken }) };
  },
  CancelJob: (service, body) => {
    const { jobId, reason } = requests.parseRequest(requests.endJob, body);
    service.cancel(jobId, reason);
    return {};
  },
  TerminateJob: (service, body) => {
    const { jobId, reason } = requests.parseRequest(requests.endJob, body);
    service.terminate(jobId, reason);
    return {};
  },
  RegisterJobDefinition: (service, body) => {
    const registered = service.resources.registerDefinition(
      requests.parseRequest(requests.registerJobDefinition, body),
    );
    const { jobDefinitionName, jobDefinitionArn, revision } = registered;
    return { jobDefinitionName, jobDefinitionArn, revision };
  },
  DescribeJobDefinitions: (service, body) => {
    const request = requests.parseRequest(requests.describeJobDefinitions, body);
    const found = service.resources.describeDefinitions(request);
    const from = Number(request.nextToken ?? 0);
    const to = from + request.maxResults;
    return {
      jobDefinitions: found.slice(from, to),
      ...(to < found.length ? { nextToken: String(to) } : {}),
    };
  },
  DeregisterJobDefinition: (service, body) => {
    service.resources.deregisterDefinition(
      requests.parseRequest(requests.deregisterJobDefinition, body).jobDefinition,
    );
    return {};
  },
  CreateComputeEnvironment: (service, body) => {
    const created = service.resources.createEnvironment(
      requests.parseRequest(requests.createComputeEnvironment, body),
    );
    const { computeEnvironmentName, computeEnvironmentArn } = created;
    return { computeEnvironmentName, computeEnvironmentArn };
  },
  DescribeComputeEnvironments: (service, body) => {
    const { computeEnvironments } = requests.parseRequest(requests.describeComputeEnvironments, body);
    const found = service.resources.describeEnvironments(computeEnvironments);
    return {
      computeEnvironments: found.map(({ maxvCpus, computeResourceType, ...environment }) => ({
        ...environment,
        status: "VALID",
        computeResources: { type: computeResourceType, maxvCpus, subnets: [] },
      })),
    };
  },
  CreateJobQueue: (service, body) => {
    const { jobQueueName, jobQueueArn } = service.resources.createQueue(
      requests.parseRequest(requests.createJobQueue, body),
    );
    return { jobQueueName, jobQueueArn };
  },
  DescribeJobQueues: (service, body) => {
    const { jobQueues } = requests.parseRequest(requests.describeJobQueues, body);
    const found = service.resources.describeQueues(jobQueues);
    return { jobQueues: found.map((queue) => ({ ...queue, status: "VALID" })) };
  },
};

async function bodyOf(context: Context): Promise<unknown> {
  const text = await context.req.text();
  try {
    return text === "" ? {} : JSON.parse(text);
  } catch {
    throw new ClientError("The request body is not valid JSON");
  }
}

function nameIn(body: unknown): string | undefined {
  const name = (body as { jobName?: unknown } | null)?.jobName;
  return typeof name === "string" ? name : undefined;
}

/** Cuts the connection instead of answering. */
type Cut = (context: Context) => void;

function answer(
  context: Context,
  service: BatchService,
  operation: Operation,
  body: unknown,
  cut: Cut,
): Response {
  const jobName = nameIn(body);
  const occasion = { operation, ...(jobName === undefined ? {} : { jobName }) };
  if (service.misbehaviour.strikes("throttle", occasion) !== undefined) {
    throw new ThrottledError("Too Many Requests");
  }
  const result = HANDLERS[operation](service, body);
  const lost =
    operation === "SubmitJob" ? service.misbehaviour.strikes("lose-submit-response", occasion) : undefined;
  if (lost?.loss === "cut-connection") cut(context);
  if (lost !== undefined) throw new ServerError("Service Unavailable");
  return context.json(result);
}

/**
 * The HTTP API. AWS Batch's operations have their own paths (`POST /v1/submitjob`); operations that AWS doesn't have
 * are under `/_local/`.
 * @param cut ends the connection of a request without an answer
 */
export function batchApi(service: BatchService, cut: Cut): Hono {
  const app = new Hono();

  for (const operation of OPERATIONS) {
    app.post(`/v1/${operation.toLowerCase()}`, async (context) =>
      answer(context, service, operation, await bodyOf(context), cut),
    );
  }

  app.get("/_local/health", (context) =>
    context.json({ status: "ok", pendingEvents: service.events.pending }),
  );
  app.get("/_local/logs", (context) => {
    const log = service.log(context.req.query("stream") ?? "");
    return log === undefined ? context.json({ message: "no such log stream" }, 404) : context.text(log);
  });
  app.post("/_local/provision", (context) => {
    service.provision();
    return context.json({});
  });
  app.get("/_local/misbehave", (context) => context.json({ rules: service.misbehaviour.list() }));
  app.post("/_local/misbehave", async (context) => {
    const { rules } = requests.parseRequest(
      z.object({ rules: z.array(misbehaviourSchema) }),
      await bodyOf(context),
    );
    service.misbehaviour.add(rules);
    return context.json({ rules: service.misbehaviour.list() });
  });
  app.delete("/_local/misbehave", (context) => {
    service.behave();
    return context.json({ rules: [] });
  });

  app.notFound((context) => context.json({ message: "Unknown operation" }, 404));
  app.onError((error, context) => {
    const known =
      error instanceof ClientError || error instanceof ThrottledError || error instanceof ServerError;
    if (!known) console.error(error);
    return context.json({ message: error.message }, known ? error.status : 500, {
      "x-amzn-errortype": known ? error.name : "ServerException",
    });
  });
  return app;
}
