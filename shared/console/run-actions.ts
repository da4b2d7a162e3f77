import type { RunView } from "../run/run-view.ts";
import { type Run, runTransitions } from "../state/run.ts";
import type { Change, Field, Form, Host } from "./host/host.ts";
import type { Html } from "./html.ts";

/** What a button does to a run. */
type RunAction = {
  /** Whether the run's state allows it. `manage` decides again when the button is used. */
  readonly allowed: (run: RunView) => boolean;
  readonly text: string;
  /** Names the run and the effect. */
  readonly confirm: (run: RunView) => string;
  /** @param now tells apart several uses of one button */
  readonly change: (run: RunView, now: number) => Change;
  /** What people may add. */
  readonly fields?: readonly Field[];
};

/** The requests about one run that a button can make, other than answers to approvals. */
type ButtonName = "cancel" | "pause" | "resume" | "retry" | "rerun" | "refresh" | "tag";

const named = ({ runId, pipeline }: Pick<Run, "runId" | "pipeline">) => `run ${runId} of ${pipeline}`;
const mayBecome = (state: Run["state"], to: Run["state"]) => runTransitions[state].includes(to);
const isStopped = ({ state }: RunView) =>
  state === "FAILED" || state === "CANCELLED" || state === "TIMED_OUT";

/** Every button of a run, when it is shown, what it says before it acts, and what it requests. */
export const runActions: Readonly<Record<ButtonName, RunAction>> = {
  cancel: {
    allowed: ({ state }) => mayBecome(state, "CANCELLING"),
    text: "Cancel",
    confirm: (run) => `Cancel ${named(run)}? Nothing new starts; its Batch jobs and child runs are ended.`,
    change: ({ runId }) => ({ action: "cancel", runId }),
  },
  pause: {
    allowed: ({ state }) => state === "RUNNING",
    text: "Pause",
    confirm: (run) => `Pause ${named(run)}? Steps that run now go on to their end, and nothing new starts.`,
    change: ({ runId }) => ({ action: "pause", runId }),
  },
  resume: {
    allowed: ({ state }) => state === "PAUSED",
    text: "Resume",
    confirm: (run) => `Resume ${named(run)}? The steps that are ready start at once.`,
    change: ({ runId }) => ({ action: "resume", runId }),
  },
  retry: {
    // The step of another run continues when that run is retried.
    allowed: (run) => isStopped(run) && run.cause.kind !== "step",
    text: "Retry",
    confirm: (run) => `Retry ${named(run)}? Its steps without a result run again; results that it has stay.`,
    change: ({ runId }) => ({ action: "retry", runId }),
  },
  rerun: {
    allowed: () => true,
    text: "Run again",
    confirm: (run) => `Start a new run with the parameters and the time of ${named(run)}?`,
    change: ({ runId }, now) => ({ action: "rerun", runId, key: `console ${now}` }),
  },
  refresh: {
    allowed: () => true,
    text: "Run again without cached results",
    confirm: (run) => `Start a new run like ${named(run)} that computes everything again?`,
    change: ({ runId }, now) => ({ action: "rerun", runId, key: `console ${now}`, refresh: true }),
  },
  tag: {
    allowed: () => true,
    text: "Change tags",
    confirm: (run) => `Change the tags of ${named(run)}?`,
    change: ({ runId }) => ({ action: "tag", runId }),
    fields: [
      { name: "add", label: "Add tags" },
      { name: "remove", label: "Remove tags" },
    ],
  },
};

/** The buttons that a run's state allows. */
export function runButtons(run: RunView, host: Host): Html[] {
  return Object.entries(runActions)
    .filter(([, { allowed }]) => allowed(run))
    .map(([name, { text, confirm, change, fields }]) => {
      const request = change(run, host.now);
      if (fields === undefined) return host.action(request, text, confirm(run));
      return host.form({ name, fields, submit: text, to: { ...request, confirm: confirm(run) } });
    });
}

/** The two answers to a step that waits for one. @param index of the child, if the step is mapped */
export function approvalForms(
  run: Pick<Run, "runId" | "pipeline">,
  step: string,
  index: number,
  label: string,
): readonly Form[] {
  const answer = (approved: boolean): Form => ({
    name: `${approved ? "approve" : "reject"}${index}${`${run.runId}${step}`.replace(/[^a-z0-9]/gi, "")}`,
    fields: [{ name: "comment", label: "Comment" }],
    submit: approved ? `Approve ${label}` : `Reject ${label}`,
    to: {
      ...{ action: "approve", runId: run.runId, step, index, approved, by: "console" },
      confirm: approved
        ? `Approve ${label} of ${named(run)}? The run goes on.`
        : `Reject ${label} of ${named(run)}? The step fails.`,
    },
  });
  return [answer(true), answer(false)];
}
