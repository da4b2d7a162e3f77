import type { Graph, StepNode } from "../../pipeline/graph.ts";
import type { Engine } from "../../ports/engine.ts";
import { graphOf } from "../../run/run-graph.ts";
import { isUnderWay, type Run } from "../../state/run.ts";
import type { ApprovalStep, FoundStep, StepKey } from "../../state/step-record.ts";
import { runRecords } from "./run-records.ts";

/** An approval that waits for a person. Times are ISO 8601 in UTC. */
export type WaitingApproval = {
  readonly runId: string;
  readonly pipeline: string;
  /** Name of the run. */
  readonly name: string;
  readonly step: string;
  /** Index of the child; only for a mapped approval. */
  readonly index?: number;
  /** The question. */
  readonly message: string;
  /** When the question was asked. */
  readonly since: string;
  /** When it is answered by default, or fails without an answer. */
  readonly deadline: string;
  /** The answer that it gets at its deadline; without one, it fails. */
  readonly byDefault?: "approve" | "reject";
};

/** What waits for a person, soonest deadline first. */
export type ApprovalsPageData = {
  readonly approvals: readonly WaitingApproval[];
  /** Whether more may wait than are listed. */
  readonly more: boolean;
};

/** Approvals on the page, and runs that are looked at for them. */
export const maxApprovals = 30;
const maxRuns = 200;

const isApproval = ({ task }: StepNode) => task.kind === "approval";

/** The records of a run's approvals that may wait: those that the run has not counted yet. */
function keysOf({ runId, progress }: Run, graph: Graph): StepKey[] {
  const { done, failed, skipped } = progress;
  const isOpen = ({ number }: StepNode) => !done.has(number) && !failed.has(number) && !skipped.has(number);
  return graph.steps
    .filter((node) => isApproval(node) && isOpen(node) && node.over === undefined)
    .map(({ name }): StepKey => ({ runId, step: name, index: 0 }));
}

function waits(record: FoundStep): record is ApprovalStep & FoundStep {
  return "holder" in record && record.holder === "person";
}

/** Runs that are under way, the newest ones of each state. */
async function openRuns({ store }: Engine) {
  const pages = await Promise.all(
    (["RUNNING", "PAUSED"] as const).map((state) => store.listRuns({ state }, maxRuns / 2)),
  );
  const ids = pages.flatMap(({ runs }) => runs.map(({ runId }) => runId));
  return { ids, more: pages.some(({ next }) => next !== undefined) };
}

/** What waits for a person in the runs that are under way. Approvals of a map are answered from its run. */
export async function readApprovals(engine: Engine): Promise<ApprovalsPageData> {
  const { store } = engine;
  const { ids, more } = await openRuns(engine);
  const runs = [...(await runRecords(store, ids)).values()].filter(isUnderWay);
  const graphs = new Map(
    await Promise.all(runs.map(async (run) => [run.runId, await graphOf(engine, run)] as const)),
  );
  const keys = runs.flatMap((run) => {
    const graph = graphs.get(run.runId);
    return graph === undefined ? [] : keysOf(run, graph);
  });
  const records = keys.length === 0 ? [] : await store.getSteps(keys);
  const byId = new Map(runs.map((run) => [run.runId, run]));
  const approvals = records.flatMap((record): WaitingApproval[] => {
    const run = byId.get(record.runId);
    if (run === undefined || !waits(record) || record.epoch !== run.epoch) return [];
    const { runId, step, message, startedAt, deadlineAt } = record;
    const node = graphs.get(runId)?.steps.find(({ name }) => name === step);
    const byDefault = node?.task.kind === "approval" ? node.task.byDefault : undefined;
    return [
      {
        ...{ runId, pipeline: run.pipeline, name: run.name, step, message },
        ...{ since: startedAt, deadline: new Date(deadlineAt).toISOString() },
        ...(byDefault !== undefined && { byDefault }),
      },
    ];
  });
  const sorted = approvals.toSorted((a, b) => Date.parse(a.deadline) - Date.parse(b.deadline));
  return { approvals: sorted.slice(0, maxApprovals), more: more || sorted.length > maxApprovals };
}
