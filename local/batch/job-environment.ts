import path from "node:path";
import { CACHE } from "../stack/paths.ts";
import { definitionName, REGION } from "./arn.ts";
import type { BatchConfiguration } from "./configuration.ts";
import { jobPackages } from "./family-packages.ts";
import { arrayIndex, type Job, vcpusOf } from "./job.ts";

/** Libraries that otherwise start a thread per core of the machine, whatever the job's resources are. */
const THREAD_LIMITS = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_MAX_THREADS"];

/**
 * The environment of a job's process. It takes from the server's environment only what a container would have. It adds
 * the entries of the job definition and the submission, what AWS Batch adds, and how to reach the local stack.
 * @param attempt number of the attempt, from 1
 * @param temporary folder for its temporary files
 */
export function jobEnvironment(
  job: Job,
  attempt: number,
  config: BatchConfiguration,
  temporary: string,
): Record<string, string> {
  const threads = String(Math.max(1, Math.floor(vcpusOf(job))));
  const index = arrayIndex(job);
  const packages = jobPackages(definitionName(job.jobDefinition), config);
  return {
    PATH: `${path.join(packages, "bin")}:/usr/local/bin:/usr/bin:/bin`,
    TMPDIR: temporary,
    HOME: temporary,
    // Matplotlib stores its list of the machine's fonts there, which takes seconds to make.
    MPLCONFIGDIR: path.join(CACHE, "matplotlib"),
    LANG: "C.UTF-8",
    TZ: "UTC",
    VIRTUAL_ENV: packages,
    PYTHONUNBUFFERED: "1",
    AWS_ENDPOINT_URL: config.aws,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_EC2_METADATA_DISABLED: "true",
    ...Object.fromEntries(THREAD_LIMITS.map((name) => [name, threads])),
    ...Object.fromEntries(job.container.environment.map(({ name, value }) => [name, value])),
    AWS_BATCH_JOB_ID: job.jobId,
    AWS_BATCH_JOB_ATTEMPT: String(attempt),
    AWS_BATCH_JQ_NAME: job.jobQueue.slice(job.jobQueue.lastIndexOf("/") + 1),
    AWS_BATCH_CE_NAME: "local",
    ...(index === undefined ? {} : { AWS_BATCH_JOB_ARRAY_INDEX: String(index) }),
  };
}
