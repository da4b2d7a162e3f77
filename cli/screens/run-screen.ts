import { inspect, styleText } from "node:util";
import { isSpotQueue } from "../../shared/pipeline/job.ts";
import type { Json } from "../../shared/pipeline/json.ts";
import { errorTitle, remedyLines } from "../../shared/pipeline/millrace-error.ts";
import type { FullLimit } from "../../shared/run/full-limits.ts";
import type {
  AfterRunStepView,
  AnswerView,
  ChildRunView,
  ChildrenView,
  ErrorView,
  RunView,
  StepView,
  ViewState,
} from "../../shared/run/run-view.ts";
import type { Cause, RunState } from "../../shared/state/run.ts";
import { costText, jobLines, progressTenths } from "./job-lines.ts";
import { durationText, truncateMiddle, wrapped } from "./units.ts";

/** The colours that states can have. */
export type Colour = "green" | "red" | "cyan" | "yellow" | "gray" | "magenta";
/** How a step's state looks. */
export type Look = { symbol: string; word: string; colour: Colour };

/** How each state looks. The word is enough, so nothing is lost without colours or a font with symbols. */
const looks: Readonly<Record<ViewState, Look>> = {
  WAITING: { symbol: "·", word: "waiting", colour: "gray" },
  READY: { symbol: "○", word: "ready", colour: "gray" },
  SUBMITTED: { symbol: "○", word: "submitted", colour: "cyan" },
  RUNNABLE: { symbol: "○", word: "queued", colour: "cyan" },
  STARTING: { symbol: "◐", word: "starting", colour: "cyan" },
  RUNNING: { symbol: "▶", word: "running", colour: "cyan" },
  RETRYING: { symbol: "↻", word: "retrying", colour: "yellow" },
  PAUSED: { symbol: "‖", word: "paused", colour: "yellow" },
  SUCCEEDED: { symbol: "✓", word: "succeeded", colour: "green" },
  CACHED: { symbol: "✓", word: "cached", colour: "green" },
  FAILED: { symbol: "✗", word: "failed", colour: "red" },
  TIMED_OUT: { symbol: "✗", word: "timed out", colour: "red" },
  SKIPPED: { symbol: "–", word: "skipped", colour: "gray" },
  CANCELLED: { symbol: "⊘", word: "cancelled", colour: "magenta" },
  UPSTREAM_FAILED: { symbol: "–", word: "not run", colour: "gray" },
  UNKNOWN: { symbol: "?", word: "unknown", colour: "gray" },
};

/** How a step's state looks. */
export function stateLook(state: ViewState): Look {
  return looks[state];
}

const runColours: Readonly<Record<RunState, Colour>> = {
  SCHEDULED: "gray",
  QUEUED: "gray",
  RUNNING: "cyan",
  PAUSED: "yellow",
  CANCELLING: "magenta",
  SUCCEEDED: "green",
  FAILED: "red",
  CANCELLED: "magenta",
  TIMED_OUT: "red",
};

/** A run's state in its colour. A state from a newer version has no colour. */
export function runStateText(state: string): string {
  const [, colour = "gray" as const] = Object.entries(runColours).find(([name]) => name === state) ?? [];
  return styleText(colour, state);
}

const hasPassed = (state: ViewState) => state === "SUCCEEDED" || state === "CACHED" || state === "SKIPPED";

/** Why a run exists. */
export function causeText(cause: Cause): string {
  if (cause.kind === "object") return `started by ${cause.uri}`;
  if (cause.kind === "schedule") return `started by schedule ${cause.schedule}`;
  if (cause.kind === "backfill") return `started by backfill ${cause.backfill}`;
  if (cause.kind === "run") return `started by the success of ${cause.pipeline}, run ${cause.runId}`;
  if (cause.kind === "rerun") return `run ${cause.runId} again`;
  if (cause.kind === "step") return `started by step ${cause.step} of run ${cause.runId}`;
  return cause.by === undefined ? "started by hand" : `started by ${cause.by}`;
}

/** Why a run exists and, if it comes from another run, how to look at that one. */
function causeLines(cause: Cause, width: number): string[] {
  const text = truncateMiddle(causeText(cause), width);
  return "runId" in cause ? [text, `look at that one: npx millrace run ${cause.runId}`] : [text];
}

/** Max. number of a limit's holders that are named. */
const maxHolders = 2;

function fullLimitText({ limit, slots, holders }: FullLimit): string {
  if (slots === 0) return `${limit}, which is paused`;
  const more = holders.length - maxHolders;
  const names = [...holders.slice(0, maxHolders), ...(more > 0 ? [`${more} more`] : [])].join(", ");
  return `${limit}: ${holders.length} of ${slots} held by ${names}`;
}

/** What a run waits for before it begins; undefined if it has begun. */
export function waitText({
  state,
  scheduledAt,
  waitsFor = [],
}: Pick<RunView, "state" | "scheduledAt" | "waitsFor">): string | undefined {
  if (state === "SCHEDULED") return `waits for its time, ${scheduledAt}`;
  if (state !== "QUEUED") return undefined;
  if (waitsFor.length === 0) return "there is a slot for it: it is about to begin";
  return `waits for a slot of ${waitsFor.map(fullLimitText).join("; and of ")}`;
}

function waitLines(view: RunView, width: number): string[] {
  const text = waitText(view);
  if (text === undefined) return [];
  const order = `who waits there, in order: npx millrace queues ${view.queue}`;
  return [...wrapped(text, width), ...(view.state === "QUEUED" ? [order] : [])];
}

/** How far a mapped step has come: `4/6 done, 2 running`. */
export function childrenText({ total, counts }: ChildrenView): string {
  const { SUCCEEDED: own = 0, CACHED: cached = 0, ...others } = counts;
  const done = own + cached;
  const rest = (Object.keys(looks) as ViewState[]).flatMap((state) => {
    const count = state === "SUCCEEDED" || state === "CACHED" ? 0 : (others[state] ?? 0);
    return count > 0 && state !== "WAITING" ? [`${count} ${looks[state].word}`] : [];
  });
  return [`${done}/${total} done`, ...rest].join(", ");
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
    const { symbol, word } = looks[state];
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
  const { symbol, word, colour } = looks[step.state];
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
  const more = [...childRunLines(step), ...jobLines(step, width - 6)];
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

/** What can change in a step between two looks, in one line. Durations are left out, as they always change. */
export function stepChange(step: StepView): string {
  const [error] = step.errors;
  const parts = [
    step.name,
    looks[step.state].word,
    detailText(step),
    ...(step.child === undefined ? [] : [`run ${step.child}`]),
    ...(step.progress === undefined ? [] : [progressTenths(step.progress)]),
    ...(error ? [errorTitle(error)] : []),
  ];
  return parts.filter((part) => part !== "").join("  ");
}
