import { CloudWatchLogsClient } from "@aws-sdk/client-cloudwatch-logs";
import { cloudWatchLogReader } from "../adapters/aws/cloudwatch-log-reader.ts";
import { fileLogReader } from "../adapters/node/file-log-reader.ts";
import type { Sources } from "../console/sources.ts";
import { readEnvironment } from "../platform/env.ts";
import { engine } from "./aws-engine.ts";
import { paramsSchemaOf } from "./params-schemas.ts";
import { tracer } from "./telemetry.ts";

const { LOCAL_JOB_LOGS, SERVICE, STAGE } = readEnvironment();

const functionGroups = ["step", "step-large"].map((name) => `/aws/lambda/${SERVICE}-${STAGE}-${name}`);
const onAws = cloudWatchLogReader(tracer.captureAWSv3Client(new CloudWatchLogsClient()), functionGroups);

/** What the console's pages read from. The local stack's jobs write files instead of CloudWatch Logs. */
export const sources: Sources = {
  engine,
  paramsSchemaOf,
  logs: LOCAL_JOB_LOGS === "" ? onAws : { ...onAws, ...fileLogReader(LOCAL_JOB_LOGS) },
};
