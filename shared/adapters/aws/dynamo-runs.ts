import { PutCommand } from "@aws-sdk/lib-dynamodb";
import { NewerRecordError } from "../../pipeline/stored-record.ts";
import { sharedRead } from "../../platform/shared-read.ts";
import type { RunStore } from "../../ports/run-store.ts";
import { countedAt } from "../../state/figures.ts";
import { hasJoined, isActive, isEnded, joiningStates, type Run, statesBefore } from "../../state/run.ts";
import { moved, openingState } from "../../state/run-changes.ts";
import { mayMove } from "../../state/run-slots.ts";
import type { Price } from "../../state/spending.ts";
import { hasWanters } from "../../state/wanters.ts";
import { batchGet } from "./dynamo-batch-get.ts";
import { endsAsRequested, hasEnded, isDue, isFirst, isInEpoch, isNotIn } from "./dynamo-conditions.ts";
import { figuresWrites } from "./dynamo-figures.ts";
import { dayKey, dayOf, duePartition, dueTime, runKey, statePartition } from "./dynamo-keys.ts";
import { dueOf, newRunItem, runOf } from "./dynamo-run-item.ts";
import { changeRun, changeRunWith, oneOf, readRunItem } from "./dynamo-run-write.ts";
import { freeSlots, joinQueue, leaveQueue } from "./dynamo-slots.ts";
import { spendingWrite } from "./dynamo-spending.ts";
import { conditional, type DynamoTable } from "./dynamo-table.ts";
import { tagChanges } from "./dynamo-tags.ts";
import { retryOnConflict, transact } from "./dynamo-transaction.ts";

/** The condition that nobody changed who wants a run since it was read, and its values. */
function wantedAsRead({ wantedBy }: Run) {
  if (wantedBy === undefined) return { condition: "attribute_not_exists(wantedBy)", values: {} };
  return { condition: "wantedBy = :wantedBy", values: { ":wantedBy": new Set(wantedBy) } };
}

/** The condition that no step has joined since a run was read, if that matters, and its values. */
function pricedAsRead({ priced }: Run, unjoined: Price | undefined) {
  if (unjoined === undefined) return { conditions: [], values: {} };
  if (priced === undefined) return { conditions: ["attribute_not_exists(priced)"], values: {} };
  return { conditions: ["priced = :priced"], values: { ":priced": priced } };
}

/** The run in an item, unless newer code has written it with words that this code doesn't know. */
function knownRunOf(item: unknown): Run[] {
  try {
    return [runOf(item)];
  } catch (error) {
    if (error instanceof NewerRecordError) return [];
    throw error;
  }
}

/**
 * Runs themselves. Only state changes and deferring the next look touch an index. A run that joins or leaves a work
 * queue, frees its slots, or changes the figures by day because it ends or is reopened, does so in one transaction with
 * its state change; everything else is a single write.
 */
export function dynamoRuns(
  table: DynamoTable,
): Pick<
  RunStore,
  | "createRun"
  | "getRun"
  | "getRuns"
  | "joinRun"
  | "moveRun"
  | "endRun"
  | "closeRun"
  | "reopenRun"
  | "setWanters"
  | "deferRun"
> {
  const getRun = async (runId: string): Promise<Run | undefined> => {
    const item = await readRunItem(table, runId);
    return item === undefined ? undefined : runOf(item);
  };

  let noted: string | undefined;
  /** Notes that a day has runs. This comes before the day's first run, so that lists miss none, and once per worker. */
  const recordDay = async (day: string): Promise<void> => {
    if (day === noted) return;
    await table.client.send(new PutCommand({ TableName: table.name, Item: dayKey(day) }));
    noted = day;
  };

  return {
    getRun: sharedRead(getRun),

    async getRuns(runIds) {
      const items = await batchGet(table, runIds.map(runKey));
      const found = new Map(items.flatMap(knownRunOf).map((run) => [run.runId, run]));
      return [...new Set(runIds)].flatMap((runId) => found.get(runId) ?? []);
    },

    async createRun(run, dueAt) {
      const put = {
        TableName: table.name,
        Item: newRunItem(run, dueAt),
        ConditionExpression: isFirst,
      };
      await recordDay(dayOf(run.startedAt));
      const queue = run.state === "QUEUED" ? [joinQueue(table, run)] : [];
      const others = [...queue, ...tagChanges(table, run, [], run.tags)];
      const written =
        others.length > 0
          ? await transact(table, [{ Put: put }, ...others])
          : await retryOnConflict(() => conditional(table.client.send(new PutCommand(put))));
      return written.ok ? "created" : "exists";
    },

    async joinRun(runId, epoch, step, outcome, error, price) {
      const joining = oneOf(joiningStates);
      const spending = spendingWrite(price);
      const { ok, item } = await changeRun(table, runId, {
        add: ["#outcome :step", ...spending.adds].join(", "),
        ...(error && { set: "#error = if_not_exists(#error, :error)" }),
        condition: `${isInEpoch} AND ${joining.condition} AND ${isNotIn(["done", "failed", "skipped"], ":number")}`,
        names: { "#outcome": outcome, ...(error && { "#error": "error" }) },
        values: {
          ...joining.values,
          ...spending.values,
          ":step": new Set([step]),
          ":number": step,
          ":epoch": epoch,
          ...(error && { ":error": error }),
        },
      });
      if (ok) return runOf(item);
      const [run] = item === undefined ? [] : knownRunOf(item);
      if (run === undefined) return undefined;
      const joins = run.epoch === epoch && joiningStates.some((state) => state === run.state);
      return joins && hasJoined(run, step) ? run : undefined;
    },

    async moveRun(runId, epoch, move, dueAt) {
      // Each further round means that another worker has moved the run meanwhile.
      for (;;) {
        const run = await getRun(runId);
        if (run === undefined || run.epoch !== epoch || !mayMove(run, move)) return run;
        const { state, ...facts } = moved(move);
        const queue =
          state === "QUEUED"
            ? [joinQueue(table, run)]
            : run.state === "QUEUED"
              ? [leaveQueue(table, run)]
              : [];
        const asWanted = "wantedOnlyBy" in move ? wantedAsRead(run) : undefined;
        const written = await changeRun(
          table,
          runId,
          {
            set: [
              "#state = :to, gsi2pk = :listed, dueAt = :due",
              ...Object.keys(facts).map((fact) => `${fact} = :${fact}`),
            ].join(", "),
            condition: [isInEpoch, "#state = :from", ...(asWanted ? [asWanted.condition] : [])].join(" AND "),
            values: {
              ...asWanted?.values,
              ":epoch": epoch,
              ":from": run.state,
              ":to": state,
              ":listed": statePartition(state, runId),
              ":due": dueTime(dueAt),
              ...Object.fromEntries(Object.entries(facts).map(([fact, value]) => [`:${fact}`, value])),
            },
          },
          queue,
        );
        if (written.ok) return runOf(written.item);
      }
    },

    async endRun(run, end, dueAt) {
      const { runId, epoch } = run;
      const { to, endedAt, cost, unjoined } = end;
      const before = oneOf(statesBefore(to));
      const asRead = pricedAsRead(run, unjoined);
      const counted = countedAt(run, end);
      const rest = spendingWrite(unjoined && { ...unjoined, isMember: false });
      // A succeeded run is found by its day, pipeline or tags, and leaves the index by state.
      const listed = to === "SUCCEEDED" ? undefined : statePartition(to, runId);
      const written = await changeRunWith(
        table,
        runId,
        {
          set: [
            "#state = :to, endedAt = :endedAt, counted = :counted",
            ...(listed === undefined ? [] : ["gsi2pk = :listed"]),
            ...(dueAt === undefined ? [] : ["dueAt = :due"]),
            ...(cost === undefined ? [] : ["cost = :cost"]),
          ].join(", "),
          ...(rest.adds.length > 0 && { add: rest.adds.join(", ") }),
          remove: [
            "endsAs",
            ...(listed === undefined ? ["gsi2pk"] : []),
            ...(dueAt === undefined ? ["duePartition, dueAt"] : []),
          ].join(", "),
          condition: [isInEpoch, before.condition, endsAsRequested, ...asRead.conditions].join(" AND "),
          values: {
            ...before.values,
            ...asRead.values,
            ...rest.values,
            ...(cost !== undefined && { ":cost": cost }),
            ":epoch": epoch,
            ":to": to,
            ":endedAt": endedAt,
            ":counted": counted,
            ...(listed !== undefined && { ":listed": listed }),
            ...(dueAt !== undefined && { ":due": dueTime(dueAt) }),
          },
        },
        [...freeSlots(table, run), ...figuresWrites(table, run, run.counted, counted)],
      );
      if (written.ok) return true;
      const item = written.refusals.find(({ place }) => place === 0)?.item;
      if (item === undefined) return false;
      const current = runOf(item);
      return (
        current.epoch === epoch && !isActive(current) && current.state === to && current.endedAt === endedAt
      );
    },

    async closeRun(runId, epoch) {
      await changeRun(table, runId, {
        remove: "duePartition, dueAt",
        condition: `${isInEpoch} AND ${hasEnded}`,
        values: { ":epoch": epoch },
      });
    },

    async reopenRun(run, openedAt, dueAt, wanter = "manual") {
      const { runId, epoch } = run;
      const state = openingState(run);
      const before = oneOf(statesBefore(state));
      // An ended run doesn't change within its epoch, so what is taken back here is what its end has added.
      const stored = await getRun(runId);
      const counted = stored?.epoch === epoch && isEnded(stored) ? stored.counted : undefined;
      const takenBack = figuresWrites(table, run, counted, undefined);
      const begins = state === "RUNNING";
      const { ok, item } = await changeRun(
        table,
        runId,
        {
          set:
            "#state = :to, epoch = :next, gsi2pk = :listed, duePartition = :partition, dueAt = :due" +
            (begins ? ", activeSince = :openedAt" : "") +
            (hasWanters(run) ? ", wantedBy = :wanters" : ""),
          remove: `failed, skipped, #error, endedAt, reason, cost, counted${begins ? "" : ", activeSince"}`,
          condition: `${isInEpoch} AND ${hasEnded} AND ${before.condition}`,
          names: { "#error": "error" },
          values: {
            ...before.values,
            ":epoch": epoch,
            ":next": epoch + 1,
            ":to": state,
            ":listed": statePartition(state, runId),
            ":partition": duePartition(runId),
            ":due": dueTime(dueAt),
            ...(begins && { ":openedAt": openedAt }),
            ...(hasWanters(run) && { ":wanters": new Set([wanter]) }),
          },
        },
        [...(begins ? [] : [joinQueue(table, run)]), ...takenBack],
      );
      if (item === undefined) return undefined;
      const current = runOf(item);
      const repeated =
        current.epoch === epoch + 1 && isActive(current) && dueOf(item).dueAt === dueTime(dueAt);
      return ok || repeated ? current : undefined;
    },

    async setWanters(run, wantedBy) {
      const { runId, epoch } = run;
      const active = oneOf(["SCHEDULED", "QUEUED", "RUNNING", "PAUSED"] satisfies Run["state"][]);
      const asRead = wantedAsRead(run);
      const { ok } = await changeRun(table, runId, {
        set: "wantedBy = :wanters",
        condition: `${isInEpoch} AND ${active.condition} AND (${asRead.condition} OR wantedBy = :wanters)`,
        values: { ...active.values, ...asRead.values, ":epoch": epoch, ":wanters": new Set(wantedBy) },
      });
      return ok;
    },

    async deferRun(runId, dueAt, state) {
      const expected = state === undefined ? undefined : oneOf([state]);
      await changeRun(table, runId, {
        set: "dueAt = :due",
        condition: [isDue, ...(expected ? [expected.condition] : [])].join(" AND "),
        values: { ":due": dueTime(dueAt), ...expected?.values },
      });
    },
  };
}
