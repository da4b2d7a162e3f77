import { inspect, styleText } from "node:util";
import { isSpotQueue } from "../../shared/pipeline/job.ts";
import type { Json } from "../../shared/pipeline/json.ts";
import { errorTitle, remedyLines } from "../../shared/pipeline/millrace-error.ts";
import type {
  AfterRunStepView,
  AnswerView,
  ChildRunView,
  ErrorView,
  RunView,
  StepView,
} from "../../shared/run/run-view.ts";
import type { Cause } from "../../shared/state/run.ts";
import { causeText } from "../../shared/wording/cause-text.ts";
import { childrenText, hasPassed, runLook, stateLook } from "../../shared/wording/state-looks.ts";
import { durationText, truncateMiddle, wrapped } from "../../shared/wording/units.ts";
import { costText } from "../../shared/wording/usage-text.ts";
import { waitText } from "../../shared/wording/wait-text.ts";
import { functionLines } from "./function-lines.ts";
import { jobLines, progressTenths } from "./job-lines.ts";

/** A run's state in its colour. A state from a newer version has no colour. */
export function runStateText(state: string): string {
  return styleText(runLook(state).colour, state);
}

/** Why a run exists and, if it comes from another run, how to look at that one. */
function causeLines(cause: Cause, width: number): string[] {
  const text = truncateMiddle(causeText(cause), width);
  return "runId" in cause ? [text, `look at that one: npx millrace run ${cause.runId}`] : [text];
}

function waitLines(view: RunView, width: number): string[] {
  const text = waitText(view);
  if (text === undefined) return [];
  const order = `who waits there, in order: npx millrace queues ${view.queue}`;
  return [...wrapped(text, width), ...(view.state === "QUEUED" ? [order] : [])];
}

/** Whether a step started on Spot machines and moved to on-demand ones. */
function movedOnDemand({ queue, jobs = [] }: Line): boolean {
  return queue !== undefined && !isSpotQueue(queue) && jobs.some(({ spot }) => spot);
}

/** Who approved a step, and the comment. Nothing for a rejection, which already appears in the step's error. */
function answerText({ approved, by, comment, index }: AnswerView): string[] {
  if (!approved) return [];
  const place = index === undefined ? "" : `[${index}] `;
  return [`${place}approved by ${by}${comment === undefined ? "" : `: ${comment}`}`];
}

function detailText(step: Line): string {
  return [
    ...(step.children === undefined ? [] : [childrenText(step.children)]),
    ...(step.passes === undefined ? [] : [`pass ${step.passes}`]),
    ...(step.attempts > 1 && step.passes === undefined ? [`attempt ${step.attempts}`] : []),
    ...(step.withoutGpu === true ? ["without a GPU: the stage has none"] : []),
    ...(movedOnDemand(step) ? ["on demand after Spot"] : []),
    ...(step.cachedFrom === undefined ? [] : [`result of run ${step.cachedFrom.runId}`]),
    ...(step.message === undefined ? [] : [step.message]),
    ...(step.answers ?? []).flatMap(answerText),
    ...(step.state === "UPSTREAM_FAILED" ? ["a step that it waits for failed"] : []),
  ].join(", ");
}

/**
 * The run of a child step, or the runs of a mapped one, with how to look at one of them. It shows the first that isn't
 * done, if there is one.
 */
function childRunLines({ child, childRuns = [], children }: Line): string[] {
  if (child !== undefined) return [`look at its run: npx millrace run ${child}`];
  const line = ({ index, state, runId }: ChildRunView) => {
    const { symbol, word } = stateLook(state);
    return `${`[${index}]`.padEnd(6)} ${symbol} ${word.padEnd(10)} run ${runId}`;
  };
  const example = childRuns.find(({ state }) => !hasPassed(state)) ?? childRuns[0];
  if (example === undefined) return [];
  const more = (children?.total ?? childRuns.length) - childRuns.length;
  return [
    ...childRuns.map(line),
    ...(more > 0 ? [`and ${more} more`] : []),
    `look at one: npx millrace run ${example.runId}`,
  ];
}

/**
 * An error with what to do, where it was thrown and its log.
 *
 * @param withStack if several children failed, only the first shows its remedy and its stack
 */
function errorLines(error: ErrorView, width: number, withStack: boolean) {
  const { index, stack = [], log } = error;
  const lines = [
    ...wrapped(`${index === undefined ? "" : `[${index}] `}${errorTitle(error)}`, width - 6),
    ...(withStack ? remedyLines(error).flatMap((line) => wrapped(line, width - 6)) : []),
    ...(withStack ? stack.map((frame) => `  ${frame}`.slice(0, width - 6)) : []),
    ...(log === undefined ? [] : wrapped(`log: ${log}`, width - 6)),
  ];
  return lines.map((line) => `      ${line}`);
}

/** What a line is about: a step, or something that followed the run's end. */
type Line = Omit<StepView, "number" | "kind" | "artifacts">;

/** A notice and a start need their kind in the name; a hook's name already says it. */
function asLine({ kind, name, ...others }: AfterRunStepView): Line {
  return { ...others, name: kind === "hook" ? name : `${kind} ${name}` };
}

/** A step and what went wrong in it, in lines of at most `width`. */
function stepLines(step: Line, nameWidth: number, width: number): string[] {
  const { symbol, word, colour } = stateLook(step.state);
  const duration = step.milliseconds === undefined ? "" : durationText(step.milliseconds);
  const before = 4 + nameWidth + 2;
  const space = Math.max(0, width - before - 11 - duration.length - 1);
  const detail = detailText(step).slice(0, space).padEnd(space);
  const line = [
    `  ${styleText(colour, symbol)} ${step.name.padEnd(nameWidth)}  `,
    styleText(colour, word.padEnd(11)),
    detail,
    ` ${duration}`,
  ].join("");
  const errors = step.errors.flatMap((error, place) => errorLines(error, width, place === 0));
  const more = [...childRunLines(step), ...jobLines(step, width - 6), ...functionLines(step, width - 6)];
  return [
    line.trimEnd(),
    ...more.map((each) => styleText("gray", `      ${each}`)),
    ...errors.map((each) => styleText(step.state === "RETRYING" ? "yellow" : "red", each)),
  ];
}

/** A run's result, cut to one line; `millrace result` shows all of it. */
function resultLine(result: Json, width: number): string {
  const text = inspect(result, { depth: 4, breakLength: Number.POSITIVE_INFINITY, compact: true });
  const line = `result ${text}`;
  return line.length <= width ? line : `${line.slice(0, width - 1)}…`;
}

/** A run and its steps, in lines of at most `width` characters. */
export function runScreen(view: RunView, width: number): string {
  const afterwards = view.afterwards.map(asLine);
  const nameWidth = Math.max(...[...view.steps, ...afterwards].map(({ name }) => name.length));
  const done = view.steps.filter(({ state }) => hasPassed(state)).length;
  const retried = view.epoch - 1;
  const facts = [
    `${done}/${view.steps.length} steps done`,
    durationText(view.milliseconds),
    ...(view.cost.dollars > 0 ? [costText(view.cost)] : []),
    ...(retried > 0 ? [`retried by hand ${retried === 1 ? "once" : `${retried} times`}`] : []),
  ];
  return [
    `${styleText("bold", view.pipeline)}  ${runStateText(view.state)}  ${facts.join(", ")}`,
    `run ${view.runId}`,
    ...causeLines(view.cause, width),
    ...(view.reason === undefined ? [] : [view.reason]),
    ...waitLines(view, width),
    ...(view.result === undefined ? [] : [resultLine(view.result, width)]),
    "",
    ...view.steps.flatMap((step) => stepLines(step, nameWidth, width)),
    ...(afterwards.length === 0 ? [] : ["", "  afterwards"]),
    ...afterwards.flatMap((line) => stepLines(line, nameWidth, width)),
  ].join("\n");
}

/** What can change in a step between two looks, in one line. Durations are left out, because they always change. */
export function stepChange(step: StepView): string {
  const [error] = step.errors;
  const parts = [
    step.name,
    stateLook(step.state).word,
    detailText(step),
    ...(step.child === undefined ? [] : [`run ${step.child}`]),
    ...(step.progress === undefined ? [] : [progressTenths(step.progress)]),
    ...(error ? [errorTitle(error)] : []),
  ];
  return parts.filter((part) => part !== "").join("  ");
}
