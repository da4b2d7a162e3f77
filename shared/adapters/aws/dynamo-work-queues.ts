import * as z from "zod";
import type { RunStore } from "../../ports/run-store.ts";
import { laneOf, type WaitingPlace, waitingPlace } from "../../state/slots.ts";
import {
  fieldsOf,
  type ItemKey,
  laneEnd,
  lanePrefix,
  lanesPrefix,
  placeFromKey,
  placeKey,
  queuePartition,
  runKey,
} from "./dynamo-keys.ts";
import { queryOnce, take } from "./dynamo-query.ts";
import type { DynamoTable } from "./dynamo-table.ts";
import { transact, type Write } from "./dynamo-transaction.ts";

// Older code keeps a queue's places in one order, without lanes. Both kinds of places share a partition, so older code
// also finds the places in lanes and admits their runs. It then leaves such a place behind.

/** Maximum number of places without a lane that one call puts into lanes; the next call goes on. */
const movedAtOnce = 100;

const placeItem = z.object({ sk: z.string() });

/** A place in a queue. `old`: the key of an item that older code wrote. */
type FoundPlace = { readonly place: WaitingPlace; readonly old?: ItemKey };

function foundPlace(queue: string, item: unknown): FoundPlace {
  const { sk } = placeItem.parse(item);
  const fields = waitingPlace.parse(fieldsOf(item));
  const { lane, order } = placeFromKey(sk);
  const place = { ...fields, queue, lane: lane ?? laneOf(fields.limits), order };
  return lane === undefined ? { place, old: { pk: queuePartition(queue), sk } } : { place };
}

const byOrder = (a: WaitingPlace, b: WaitingPlace) => (a.order < b.order ? -1 : a.order > b.order ? 1 : 0);

/** Places of waiting runs. The writes that add and remove them are in `dynamo-slots.ts`, with the run's own. */
export function dynamoWorkQueues(
  table: DynamoTable,
): Pick<RunStore, "waitingRuns" | "firstInLanes" | "nextInLane" | "removePlace"> {
  const { name } = table;

  /** Places with sort keys between two texts, exclusive. */
  const placesBetween = async (queue: string, after: string, before: string, limit: number) => {
    const query = {
      KeyConditionExpression: "pk = :queue AND sk BETWEEN :after AND :before",
      ExpressionAttributeValues: { ":queue": queuePartition(queue), ":after": after, ":before": before },
      ConsistentRead: true,
      Limit: limit,
    };
    return (await take(table, query, limit)).map((item) => foundPlace(queue, item));
  };

  /** The first place whose sort key is greater than a text. */
  const firstAfter = async (queue: string, after: string): Promise<FoundPlace | undefined> => {
    const query = {
      KeyConditionExpression: "pk = :queue AND sk > :after",
      ExpressionAttributeValues: { ":queue": queuePartition(queue), ":after": after },
      ConsistentRead: true,
      Limit: 1,
    };
    const { items } = await queryOnce(table, query);
    return items[0] === undefined ? undefined : foundPlace(queue, items[0]);
  };

  /** Writes that take effect only if a run is QUEUED, or only if it isn't. */
  const ifQueued = async (runId: string, isQueued: boolean, writes: readonly Write[]): Promise<boolean> => {
    const check = {
      TableName: name,
      Key: runKey(runId),
      ConditionExpression: isQueued ? "#state = :queued" : "attribute_not_exists(pk) OR #state <> :queued",
      ExpressionAttributeNames: { "#state": "state" },
      ExpressionAttributeValues: { ":queued": "QUEUED" },
    };
    return (await transact(table, [{ ConditionCheck: check }, ...writes])).ok;
  };

  /** Puts the first places that older code wrote into their lanes, and removes those whose runs wait no more. */
  const moveOldPlaces = async (queue: string): Promise<void> => {
    for (const { place, old } of await placesBetween(queue, " ", lanesPrefix, movedAtOnce)) {
      if (old === undefined) continue;
      const { queue: _queue, lane: _lane, order: _order, ...fields } = place;
      const leave: Write = { Delete: { TableName: name, Key: old } };
      const join: Write = { Put: { TableName: name, Item: { ...placeKey(place), ...fields } } };
      // If the run changes its state between the two, the place stays for the next call.
      if (!(await ifQueued(place.runId, true, [join, leave]))) await ifQueued(place.runId, false, [leave]);
    }
  };

  return {
    async waitingRuns(queue, limit) {
      const found = (await placesBetween(queue, " ", lanesPrefix, limit)).map(({ place }) => place);
      let head = await firstAfter(queue, lanesPrefix);
      while (head !== undefined) {
        const { lane } = head.place;
        const places = await placesBetween(queue, lanePrefix(lane), laneEnd(lane), limit);
        found.push(...places.map(({ place }) => place));
        head = await firstAfter(queue, laneEnd(lane));
      }
      // A run may have a place of each kind.
      const once = new Map(found.map((place) => [place.order, place]));
      return [...once.values()].sort(byOrder).slice(0, limit);
    },

    async firstInLanes(queue) {
      const heads: WaitingPlace[] = [];
      let head = await firstAfter(queue, " ");
      if (head?.old !== undefined) {
        await moveOldPlaces(queue);
        head = await firstAfter(queue, lanesPrefix);
      }
      while (head !== undefined) {
        heads.push(head.place);
        head = await firstAfter(queue, laneEnd(head.place.lane));
      }
      return heads;
    },

    async nextInLane(place) {
      const { queue, lane } = place;
      const next = await firstAfter(queue, placeKey(place).sk);
      return next?.place.lane === lane ? next.place : undefined;
    },

    async removePlace(place) {
      await ifQueued(place.runId, false, [{ Delete: { TableName: name, Key: placeKey(place) } }]);
    },
  };
}
