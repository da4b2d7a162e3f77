import * as z from "zod";
import type { JsonObject } from "../pipeline/json.ts";

/** Levels of a line, the least important first. */
export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

/** One line of a run's log, whether a function or a job wrote it. */
export type LogLine = {
  /** Epoch milliseconds. */
  readonly at: number;
  readonly level: LogLevel;
  /** Missing on lines about the run as a whole. */
  readonly step?: string;
  /** Index in the list of a mapped step; 0 otherwise. */
  readonly index?: number;
  /** For a job `{epoch}.{attempt}`, for a function the attempt's number. */
  readonly attempt?: string;
  /** The run that the line is about, if the line names it. */
  readonly runId?: string;
  /** The function's short name, or the job's log stream. */
  readonly source: string;
  readonly message: string;
  /** The line's other fields. */
  readonly fields: JsonObject;
};

/** What is known about a line before it's parsed. */
export type LineOrigin = Pick<LogLine, "at" | "source" | "step" | "index" | "attempt">;

/** Fields that Powertools and AWS Lambda add to every line. They say where a function ran, as `source` does. */
const platformFields: ReadonlySet<string> = new Set([
  ...["service", "cold_start", "sampling_rate", "xray_trace_id"],
  ...["function_arn", "function_memory_size", "function_name", "function_request_id"],
]);

const levelWords: Readonly<Record<string, LogLevel>> = {
  ...{ TRACE: "debug", DEBUG: "debug", INFO: "info", WARN: "warn", WARNING: "warn" },
  ...{ ERROR: "error", CRITICAL: "error", FATAL: "error" },
};

/** A line of Powertools' Logger or of the job SDK's log. They use different names for the run and the attempt. */
const structuredLine = z.looseObject({
  message: z.string(),
  level: z.string().optional(),
  timestamp: z.iso.datetime({ offset: true }).optional(),
  runId: z.string().optional(),
  run: z.string().optional(),
  step: z.string().optional(),
  index: z.union([z.int(), z.literal("map")]).optional(),
  attempt: z.union([z.string(), z.number()]).optional(),
  pipeline: z.unknown().optional(),
  jobId: z.unknown().optional(),
});

function structured(text: string): z.infer<typeof structuredLine> | undefined {
  if (!text.startsWith("{")) return undefined;
  try {
    return structuredLine.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** Parses a line. If it isn't a JSON object with a message, the whole line is the message. */
export function parseLogLine(text: string, origin: LineOrigin): LogLine {
  const parsed = structured(text.trim());
  if (parsed === undefined) return { ...origin, level: "info", message: text.trimEnd(), fields: {} };
  const {
    message,
    level = "",
    timestamp,
    runId,
    run,
    step,
    index,
    attempt,
    pipeline,
    jobId,
    ...rest
  } = parsed;
  const about = runId ?? run;
  const fields = Object.fromEntries(
    Object.entries(rest as JsonObject).filter(([name]) => !platformFields.has(name)),
  );
  return {
    ...origin,
    at: timestamp === undefined ? origin.at : Date.parse(timestamp),
    level: levelWords[level.toUpperCase()] ?? "info",
    ...(step !== undefined && { step }),
    ...(typeof index === "number" && { index }),
    ...(attempt !== undefined && { attempt: String(attempt) }),
    ...(about !== undefined && { runId: about }),
    message,
    fields,
  };
}
