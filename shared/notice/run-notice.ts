import type { Graph } from "../pipeline/graph.ts";
import { maxFailedSteps, type RunNotice } from "../ports/notifier.ts";
import type { EndedRun, EndState } from "../state/run.ts";
import { logUrl } from "./log-url.ts";

/** The stage that a run belongs to; on AWS it has a region. */
type Place = { readonly name: string; readonly region?: string };

/** The options that commands need to reach a stage; the local one needs none. */
function optionsFor({ name, region }: Place): string {
  if (region === undefined) return name === "local" ? "" : ` --stage ${name}`;
  return ` --stage ${name} --region ${region}`;
}

/** A log's location in the form of a notice. */
function placeOfLog({ region }: Place, log: string | undefined): { log?: string; logUrl?: string } {
  if (log === undefined) return {};
  const url = region === undefined ? undefined : logUrl(region, log);
  return { log, ...(url !== undefined && { logUrl: url }) };
}

function namesOf(graph: Graph, failed: ReadonlySet<number>): string[] {
  return graph.steps.filter(({ number }) => failed.has(number)).map(({ name }) => name);
}

/**
 * What a notice says about a run that has ended.
 *
 * @param log where the log of the attempt that failed first is, if it is known
 */
export function noticeOf(stage: Place, run: EndedRun, graph: Graph, log?: string): RunNotice {
  const { runId, pipeline, name, state, epoch, scheduledAt, startedAt, endedAt, reason, error } = run;
  const at = `${runId}${optionsFor(stage)}`;
  return {
    version: 1,
    stage: stage.name,
    ...{ pipeline, run: { id: runId, name }, state, epoch, scheduledAt, startedAt, endedAt },
    ...(reason !== undefined && { reason }),
    ...(error !== undefined && { error: { ...error, ...placeOfLog(stage, log) } }),
    failedSteps: namesOf(graph, run.progress.failed).slice(0, maxFailedSteps),
    commands: {
      look: `npx millrace run ${at}`,
      ...(state !== "SUCCEEDED" && { retry: `npx millrace retry ${at}` }),
    },
  };
}

/** How a run ended, in the words of a sentence. */
export const endWords: Readonly<Record<EndState, string>> = {
  SUCCEEDED: "succeeded",
  FAILED: "failed",
  CANCELLED: "was cancelled",
  TIMED_OUT: "timed out",
};

/** The whole notice in one line, for a subject or a phone's screen. */
export function headline({ pipeline, state, stage, error }: RunNotice): string {
  const where = error === undefined ? "" : `, step ${error.step}`;
  return `${pipeline} ${endWords[state]} in ${stage}${where}`;
}
