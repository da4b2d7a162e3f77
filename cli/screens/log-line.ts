import { styleText } from "node:util";
import * as z from "zod";
import type { Json, JsonObject } from "../../shared/pipeline/json.ts";
import { errorTitle, isErrorCode, kindOf, remedyLines } from "../../shared/pipeline/millrace-error.ts";
import { stepLabel } from "../../shared/state/step-record.ts";
import type { LogLine } from "../../shared/wording/log-line.ts";

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

// Neither red nor yellow, because these show how bad a line is.
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
