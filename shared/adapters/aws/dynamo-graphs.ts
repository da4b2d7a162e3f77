import { GetCommand, PutCommand } from "@aws-sdk/lib-dynamodb";
import * as z from "zod";
import { type Graph, graphSchema } from "../../pipeline/graph.ts";
import type { RunStore } from "../../ports/run-store.ts";
import { graphKey } from "./dynamo-keys.ts";
import type { DynamoTable } from "./dynamo-table.ts";

const graphItem = z.object({
  graph: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(graphSchema),
});

/**
 * How many graphs a process remembers. A worker sees a handful of pipelines; the bound is for one that lives for weeks.
 */
const remembered = 200;

/**
 * Graphs by hash. They never change, so each process reads a graph once. It reads before it writes: a read costs a
 * fifth of a write, and a write is needed only once per change of a pipeline.
 */
export function dynamoGraphs({ client, name }: DynamoTable): Pick<RunStore, "putGraph" | "getGraph"> {
  const known = new Map<string, Graph>();
  const remember = (hash: string, graph: Graph): Graph => {
    const [oldest] = known.keys();
    if (known.size >= remembered && oldest !== undefined) known.delete(oldest);
    known.set(hash, graph);
    return graph;
  };
  const getGraph = async (hash: string): Promise<Graph | undefined> => {
    const seen = known.get(hash);
    if (seen !== undefined) return seen;
    const { Item: item } = await client.send(
      new GetCommand({ TableName: name, Key: graphKey(hash), ConsistentRead: true }),
    );
    return item && remember(hash, graphItem.parse(item).graph);
  };
  return {
    getGraph,
    async putGraph(hash, graph) {
      if ((await getGraph(hash)) !== undefined) return;
      await client.send(
        new PutCommand({ TableName: name, Item: { ...graphKey(hash), graph: JSON.stringify(graph) } }),
      );
      remember(hash, graph);
    },
  };
}
