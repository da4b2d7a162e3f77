import { stepNamed } from "../pipeline/graph.ts";
import type { RunStore } from "../ports/run-store.ts";
import { isUnderWay } from "../state/run.ts";

/** An approval that waits for a person. Times are ISO 8601 in UTC. */
export type WaitingApproval = {
  runId: string;
  pipeline: string;
  /** Name of the run. */
  name: string;
  step: string;
  /** Index of the child; only for a mapped approval. */
  index?: number;
  /** The question. */
  message: string;
  /** When the question was asked. */
  since: string;
  /** When it is answered by default, or fails without an answer. */
  deadline: string;
  /** The answer that it gets at its deadline; without one, it fails. */
  byDefault?: "approve" | "reject";
};

/** Approvals that wait, and whether there are more. */
export type WaitingApprovals = { approvals: WaitingApproval[]; more: boolean };

/**
 * What waits for a person in all runs of a stage, soonest deadline first. An approval waits if its run is under way: a
 * run that is being cancelled takes no answer. It reads the approvals and their runs, and no other step.
 *
 * @param limit how many approvals are read at most
 */
export async function waitingApprovals(
  store: Pick<RunStore, "waitingApprovals" | "getRuns" | "getGraph">,
  limit: number,
  pipeline?: string,
): Promise<WaitingApprovals> {
  const found = await store.waitingApprovals(limit + 1);
  const records = found.slice(0, limit);
  const runs = await store.getRuns(records.map(({ runId }) => runId));
  const byId = new Map(runs.map((run) => [run.runId, run]));
  const hashes = [...new Set(runs.map(({ graphHash }) => graphHash))];
  const graphs = new Map(
    await Promise.all(hashes.map(async (hash) => [hash, await store.getGraph(hash)] as const)),
  );
  const approvals = records.flatMap((record): WaitingApproval[] => {
    const { runId, step, index, epoch, message, startedAt, deadlineAt } = record;
    const run = byId.get(runId);
    if (run === undefined || !isUnderWay(run) || run.epoch !== epoch) return [];
    if (pipeline !== undefined && run.pipeline !== pipeline) return [];
    const graph = graphs.get(run.graphHash);
    const node = graph && stepNamed(graph, step);
    const byDefault = node?.task.kind === "approval" ? node.task.byDefault : undefined;
    return [
      {
        ...{ runId, pipeline: run.pipeline, name: run.name, step },
        ...(node?.over !== undefined && typeof index === "number" && { index }),
        ...{ message, since: startedAt, deadline: new Date(deadlineAt).toISOString() },
        ...(byDefault !== undefined && { byDefault }),
      },
    ];
  });
  return { approvals, more: found.length > limit };
}
