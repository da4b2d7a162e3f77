import { isEnded, type Run, runTransitions } from "../state/run.ts";

/** What a change would do to a run: whether it can happen, and what happens or why it can't, in words. */
export type Effect = { readonly possible: boolean; readonly words: string };

const yes = (words: string): Effect => ({ possible: true, words });
const no = (words: string): Effect => ({ possible: false, words });

const endedText = (run: Run) => (isEnded(run) ? `it has ended: ${run.state}` : `it is ${run.state}`);

/** What cancelling would do to a run. `manage` decides again. */
export function cancelEffect(run: Run): Effect {
  if (run.state === "CANCELLING") return no("it is being cancelled");
  if (!runTransitions[run.state].includes("CANCELLING")) return no(endedText(run));
  const waits = run.state === "SCHEDULED" || run.state === "QUEUED";
  return yes(waits ? "it never begins" : "nothing new starts; its jobs and child runs are ended");
}

/** What retrying would do to a run. `manage` decides again. */
export function retryEffect(run: Run): Effect {
  const { state, cause, progress } = run;
  if (state === "SUCCEEDED") return no("it has succeeded");
  if (state !== "FAILED" && state !== "CANCELLED" && state !== "TIMED_OUT")
    return no(`it has not ended: ${endedText(run)}`);
  if (cause.kind === "step") return no(`it is a step of run ${cause.runId}: retry that run`);
  const kept = progress.done.size;
  return yes(
    `its steps without a result run again; ${kept === 1 ? "1 step keeps its result" : `${kept} steps keep their results`}`,
  );
}
