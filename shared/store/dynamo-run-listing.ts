import { type RunState, runStates, statesBefore } from "../state/run.ts";
import { duePartitions, dueTime, pipelinePartition, statePartitions } from "./dynamo-keys.ts";
import { type Query, take } from "./dynamo-query.ts";
import { dueOf, runSummaryOf } from "./dynamo-run-item.ts";
import type { DynamoTable } from "./dynamo-table.ts";
import { listingKey } from "./run-listing.ts";
import type { RunFilter, RunStore } from "./run-store.ts";

/** What can be cancelled, and what is being cancelled: every other run has ended. */
const activeStates: readonly RunState[] = [...statesBefore("CANCELLING"), "CANCELLING"];
/** Items read at a time when a filter drops some of them. */
const filteredPage = 100;

/** Where the runs that a filter asks for are listed, and what must still be filtered out there. */
function partitionsFor({ pipeline, state }: RunFilter): {
  index: { name: string; pk: string; sk: string };
  partitions: readonly string[];
  drop?: { attribute: "pipeline" | "state"; keep: string };
} {
  const byState = { name: "runs-by-state", pk: "gsi2pk", sk: "gsi2sk" };
  const byPipeline = { name: "runs-by-pipeline", pk: "gsi1pk", sk: "gsi1sk" };
  if (pipeline === undefined) {
    return { index: byState, partitions: (state ? [state] : runStates).flatMap(statePartitions) };
  }
  if (state === undefined) return { index: byPipeline, partitions: [pipelinePartition(pipeline)] };
  // Few runs are active, and most have ended: read whichever index has less to drop.
  if (activeStates.includes(state)) {
    return {
      index: byState,
      partitions: statePartitions(state),
      drop: { attribute: "pipeline", keep: pipeline },
    };
  }
  return {
    index: byPipeline,
    partitions: [pipelinePartition(pipeline)],
    drop: { attribute: "state", keep: state },
  };
}

/** Reads of the indexes of runs. Each may be seconds behind the runs themselves. */
export function dynamoRunListing(table: DynamoTable): Pick<RunStore, "dueRuns" | "listRuns"> {
  return {
    async dueRuns(now, limit) {
      const found = await Promise.all(
        duePartitions.map((partition) => {
          const query: Query = {
            IndexName: "due",
            KeyConditionExpression: "duePartition = :partition AND dueAt <= :now",
            ExpressionAttributeValues: { ":partition": partition, ":now": dueTime(now) },
            Limit: limit,
          };
          return take(table, query, limit);
        }),
      );
      return found
        .flat()
        .map((item) => ({ dueAt: "", ...dueOf(item) }))
        .sort((a, b) => (a.dueAt < b.dueAt ? -1 : a.dueAt > b.dueAt ? 1 : 0))
        .slice(0, limit)
        .map(({ runId }) => runId);
    },

    async listRuns(filter, limit, from) {
      const { index, partitions, drop } = partitionsFor(filter);
      // One more than asked for tells whether there is another page.
      const wanted = limit + 1;
      const found = await Promise.all(
        partitions.map((partition) => {
          const query: Query = {
            IndexName: index.name,
            KeyConditionExpression: from === undefined ? "#pk = :pk" : "#pk = :pk AND #sk < :from",
            ...(drop && { FilterExpression: "#dropped = :keep" }),
            ExpressionAttributeNames: {
              "#pk": index.pk,
              ...(from !== undefined && { "#sk": index.sk }),
              ...(drop && { "#dropped": drop.attribute }),
            },
            ExpressionAttributeValues: {
              ":pk": partition,
              ...(from !== undefined && { ":from": from }),
              ...(drop && { ":keep": drop.keep }),
            },
            ScanIndexForward: false,
            Limit: drop ? Math.max(wanted, filteredPage) : wanted,
          };
          return take(table, query, wanted);
        }),
      );
      const keyed = found.flat().map((item) => {
        const run = runSummaryOf(item);
        return { key: listingKey(run), run };
      });
      // By key: a run that changed its state between two of the queries is found twice.
      const sorted = [...new Map(keyed.map((each) => [each.key, each])).values()].sort((a, b) =>
        a.key < b.key ? 1 : -1,
      );
      const page = sorted.slice(0, limit);
      const last = page.at(-1);
      return { runs: page.map(({ run }) => run), ...(last && sorted.length > limit && { next: last.key }) };
    },
  };
}
