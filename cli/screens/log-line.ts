import { styleText } from "node:util";
import * as z from "zod";
import type { Json, JsonObject } from "../../shared/pipeline/json.ts";
import { errorTitle, isErrorCode, kindOf, remedyLines } from "../../shared/pipeline/millrace-error.ts";
import { stepLabel } from "../../shared/state/step-record.ts";

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

/** The line as JSON, without line breaks and with its time in ISO 8601. */
export function logLineJson({ at, ...line }: LogLine): string {
  return JSON.stringify({ time: new Date(at).toISOString(), ...line });
}

/** Max. number of stack lines in a terminal; `--json` has all of them. */
const maxStackLines = 8;

const errorField = z.object({
  name: z.string(),
  message: z.string(),
  code: z.string().optional(),
  remedy: z.string().optional(),
  stack: z.union([z.string(), z.array(z.string())]).optional(),
});

type LoggedError = z.infer<typeof errorField>;

/** The error in a line, and the line's other figures. Functions log an error as one field, jobs as several. */
function errorOf({ message, fields }: LogLine): { error?: LoggedError; figures: JsonObject } {
  const { error, ...others } = fields;
  const { stack, code, ...figures } = others;
  if (typeof error === "string" && stack !== undefined) {
    const remedy = typeof code === "string" && isErrorCode(code) ? kindOf(code).remedy : undefined;
    const { data } = errorField.safeParse({ name: error, message, stack, code, remedy });
    return data === undefined ? { figures: fields } : { error: data, figures };
  }
  const { data } = errorField.safeParse(error);
  return data === undefined ? { figures: fields } : { error: data, figures: others };
}

/** The stack lines nearest to the error, without those that repeat its message. */
function stackLines({ name, message, stack = [] }: LoggedError): string[] {
  const messageLines = new Set(message.split("\n"));
  const lines = (typeof stack === "string" ? stack.split("\n") : stack)
    .flatMap((line) => line.split("\n"))
    .filter((line) => !messageLines.has(line) && !line.replace(/^[\w.]+\./, "").startsWith(`${name}: `));
  // Python's stacks end where the error was raised; Node's begin there.
  const isNodes = lines.some((line) => /^\s+at /.test(line));
  return isNodes ? lines.slice(0, maxStackLines) : lines.slice(-maxStackLines);
}

function valueText(value: Json): string {
  if (typeof value === "number") return String(Number(value.toPrecision(6)));
  return typeof value === "string" && /^[^\s"=]+$/.test(value) ? value : JSON.stringify(value);
}

/** `train_model[3]` for a child of a map. Names the attempt too, if it isn't the first. */
function stepText({ step, index = 0, attempt }: LogLine, mapped: boolean): string {
  if (step === undefined) return "run";
  const again = attempt === undefined || attempt === "1.1" || attempt === "1" ? "" : ` #${attempt}`;
  return `${stepLabel(step, mapped ? index : undefined)}${again}`;
}

// Neither red nor yellow, as these show how bad a line is.
const stepColours = ["cyan", "green", "magenta", "blue"] as const;
const levelColours = { debug: "gray", info: "white", warn: "yellow", error: "red" } as const;

/** What makes a run's lines easy to tell apart. */
export type LogStyle = {
  /** Numbers of the steps, by name. Neighbours get different colours. */
  readonly numbers: ReadonlyMap<string, number>;
  readonly mapped: ReadonlySet<string>;
  /** Width of the column with the steps' names. */
  readonly width: number;
};

/** Identifies an error in the lines about it: one line comes from the job, one from the function that ends its step. */
function errorKey({ step, index = 0, attempt = "" }: LogLine, { name, message }: LoggedError): string {
  return JSON.stringify([step, index, attempt.replace(/^\d+\./, ""), name, message.slice(0, 100)]);
}

/**
 * A line for people: time (UTC), step, words and figures; warnings and errors are marked. An error's remedy and
 * stack follow on separate lines.
 *
 * @param reported errors that were already shown in full; another line about the same error only names it
 */
export function logLineText(
  line: LogLine,
  { numbers, mapped, width }: LogStyle,
  reported: Set<string> = new Set(),
): string {
  const { step = "", level, message } = line;
  const { error, figures } = errorOf(line);
  const key = error && errorKey(line, error);
  const isReported = key !== undefined && reported.has(key);
  if (key !== undefined) reported.add(key);
  const words = error && (isReported ? (error.code ?? error.name) : errorTitle(error));
  // A job's line about an error repeats the error's words.
  const isErrors = error?.message === message;
  const messageLines = isErrors ? (words ?? message) : message;
  const rest = Object.entries(figures).map(([name, value = null]) => `${name}=${valueText(value)}`);
  const facts = [...(words === undefined || isErrors ? [] : [words]), ...rest].join(" ");
  const colour = stepColours[(numbers.get(step) ?? 0) % stepColours.length] ?? "cyan";
  const time = styleText("gray", new Date(line.at).toISOString().slice(11, 23));
  const name = styleText(step === "" ? "gray" : colour, stepText(line, mapped.has(step)).padEnd(width));
  const loud =
    level === "info"
      ? messageLines
      : styleText(levelColours[level], `${level.toUpperCase()} ${messageLines}`);
  const below = error === undefined || isReported ? [] : [...remedyLines(error), ...stackLines(error)];
  return [
    [`${time}  ${name}`, loud, facts].filter((part) => part !== "").join("  "),
    ...below.map((each) => styleText("gray", `${" ".repeat(14)}${each.trimEnd()}`)),
  ].join("\n");
}
