import * as z from "zod";
import type { RunStore } from "../../ports/run-store.ts";
import type { CountedEnd } from "../../state/counted-end.ts";
import {
  addedAmounts,
  type DayFigures,
  figuresChanges,
  figuresOf,
  inFiguresOrder,
} from "../../state/figures.ts";
import type { Run } from "../../state/run.ts";
import { fieldsOf, figuresFromKey, figuresKey, figuresPartition } from "./dynamo-keys.ts";
import { take } from "./dynamo-query.ts";
import type { DynamoTable } from "./dynamo-table.ts";
import type { Write } from "./dynamo-transaction.ts";

const figuresItem = z.looseObject({ sk: figuresFromKey });
const amountsItem = z.record(z.string(), z.number());

/**
 * The writes that change the figures by day for a run. They go into the same transaction as the write that ends or
 * reopens the run, so each end counts once.
 *
 * @param before what the figures hold of the run, if anything
 * @param after what they are to hold of it, if anything
 */
export function figuresWrites(
  { name }: DynamoTable,
  { runId, pipeline }: Pick<Run, "runId" | "pipeline">,
  before: CountedEnd | undefined,
  after: CountedEnd | undefined,
): Write[] {
  return figuresChanges(pipeline, before, after).map(({ day, amounts }) => {
    // By number, because a state may be a reserved word.
    const fields = Object.entries(amounts).map(([field, amount], place) => ({ field, amount, place }));
    return {
      Update: {
        TableName: name,
        Key: figuresKey(day, pipeline, runId),
        UpdateExpression: `ADD ${fields.map(({ place }) => `#f${place} :a${place}`).join(", ")}`,
        ExpressionAttributeNames: Object.fromEntries(fields.map(({ field, place }) => [`#f${place}`, field])),
        ExpressionAttributeValues: Object.fromEntries(
          fields.map(({ amount, place }) => [`:a${place}`, amount]),
        ),
      },
    };
  });
}

/** Figures by day. A pipeline's figures of a day are spread over several items, which a read adds up. */
export function dynamoFigures(table: DynamoTable): Pick<RunStore, "listFigures"> {
  return {
    async listFigures({ since, until, pipeline }) {
      if (since > until) return [];
      const query = {
        KeyConditionExpression: "pk = :figures AND sk BETWEEN :since AND :until",
        // A day's keys go on with #, which sorts before $.
        ExpressionAttributeValues: { ":figures": figuresPartition, ":since": since, ":until": `${until}$` },
      };
      const found = (await take(table, query)).flatMap((item) => {
        const { sk: place, ...others } = figuresItem.parse(item);
        const isWanted = pipeline === undefined || place.pipeline === pipeline;
        return isWanted ? [{ ...place, amounts: amountsItem.parse(fieldsOf(others)) }] : [];
      });
      const groups = Map.groupBy(found, (each) => `${each.day}#${each.pipeline}`);
      const all = [...groups.values()].flatMap((parts): DayFigures[] => {
        const [first] = parts;
        const amounts = addedAmounts(parts.map((part) => part.amounts));
        const figures = first && figuresOf(first.day, first.pipeline, amounts);
        return figures === undefined ? [] : [figures];
      });
      return inFiguresOrder(all);
    },
  };
}
