import * as z from "zod";
import { errorOf } from "../pipeline/millrace-error.ts";
import { isTimeZone } from "../pipeline/time-zone.ts";

const jsonText = z.string().transform((text, context) => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    context.addIssue({ code: "custom", message: "is not JSON" });
    return z.NEVER;
  }
});

/**
 * The variables that serverless.yml sets for every function, and those that it sets for some only: functions that never
 * use one lack it.
 */
const environment = z.object({
  SERVICE: z.string().min(1),
  STAGE: z.string().min(1),
  /** Time zone of the stage's schedules and of the dates in run names. */
  TIMEZONE: z
    .string()
    .refine(isTimeZone, "is no time zone that is known; custom.stages names one such as Europe/Berlin")
    .default("UTC"),
  TABLE_NAME: z.string().min(1),
  DATA_BUCKET: z.string().min(1),
  STEPS_QUEUE_URL: z.url(),
  /** Queue of steps that need large workers; only small workers send to it. */
  STEPS_LARGE_QUEUE_URL: z.string().default(""),
  /** Which of the two step workers a function is. */
  WORKER_SIZE: z.enum(["small", "large"]).default("small"),
  SWEEP_SECONDS: z.coerce.number().positive().default(120),
  /** Seconds that a Batch job may wait in RUNNABLE while no job of its queue runs. */
  RUNNABLE_SECONDS: z.coerce.number().positive().default(3600),
  /** Work queue → Batch job queue ARN, as JSON. */
  BATCH_JOB_QUEUES: jsonText.pipe(z.record(z.string(), z.string().min(1))).default({}),
  /** Whether jobs that can do without a GPU request one. */
  GPUS: z.stringbool().default(true),
  BATCH_JOB_DEFINITION_PREFIX: z.string().default(""),
  /** The prefix of the names of job families' functions. */
  JOB_FUNCTION_PREFIX: z.string().default(""),
  /** Topic whose subscribers get notices by e-mail. */
  NOTICE_TOPIC_ARN: z.string().default(""),
  /** The functions that the console's buttons invoke, by ARN. */
  CONSOLE_ARN: z.string().default(""),
  CONSOLE_ACT_ARN: z.string().default(""),
  /** Folder of the logs of the local stack's jobs. Missing on AWS, where CloudWatch Logs has them. */
  LOCAL_JOB_LOGS: z.string().default(""),
  /** Set by Lambda itself. */
  AWS_REGION: z.string().min(1).optional(),
  AWS_LAMBDA_LOG_GROUP_NAME: z.string().min(1).optional(),
  AWS_LAMBDA_LOG_STREAM_NAME: z.string().min(1).optional(),
  /** Job family → content hash of its image, as JSON. */
  JOB_VERSIONS: jsonText.pipe(z.record(z.string(), z.string().min(1))).default({}),
  /** Commit that was deployed, as resources/git-commit.cjs reports it. */
  GIT_COMMIT: z.string().min(1).default("unknown: this function is not told"),
});
export type Environment = z.infer<typeof environment>;

/** A function was deployed without a variable that it needs. */
export class EnvironmentError extends errorOf("ENVIRONMENT_INVALID") {}

/**
 * The environment, parsed. This is the only place that reads it.
 *
 * @throws EnvironmentError naming each variable that is missing or wrong
 */
export function readEnvironment(
  source: Readonly<Record<string, string | undefined>> = process.env,
): Environment {
  const parsed = environment.safeParse(source);
  if (parsed.success) return parsed.data;
  const lines = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new EnvironmentError(`environment of the function: ${lines.join("; ")}`);
}
