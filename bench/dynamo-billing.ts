import { isDeepStrictEqual } from "node:util";
import { DescribeTableCommand, type DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { type Item, itemBytes, readUnitsFor, writeUnitsFor } from "./item-size.ts";

/** What a call costs. Write units include those of the table's indexes. */
export type Units = { readonly readUnits: number; readonly writeUnits: number };

type Index = { readonly keys: readonly string[]; readonly attributes: readonly string[] | "all" };
type KeyOrItem = { readonly Item?: Item; readonly Key?: Item };
type Request = {
  readonly TableName?: string;
  readonly TransactItems?: readonly Readonly<Record<string, KeyOrItem>>[];
  readonly Item?: Item;
  readonly Key?: Item;
  readonly ConsistentRead?: boolean;
  readonly RequestItems?: Readonly<Record<string, { Keys: readonly Item[]; ConsistentRead?: boolean }>>;
};
type Answer = {
  readonly Item?: Item;
  readonly Items?: readonly Item[];
  readonly Responses?: Readonly<Record<string, readonly Item[]>>;
};

const keysOf = (schema: readonly { AttributeName?: string | undefined }[] = []) =>
  schema.map(({ AttributeName = "" }) => AttributeName);

/**
 * Calculates what calls to DynamoDB cost from the sizes of their items, because emulators don't report it reliably. Reads
 * the items with its own client, before and after each write.
 */
export class DynamoBilling {
  private readonly observer: DynamoDBClient;
  private readonly table: string;
  private readonly keys: readonly string[];
  private readonly indexes: readonly Index[];

  private constructor(observer: DynamoDBClient, table: string, keys: readonly string[], indexes: Index[]) {
    this.observer = observer;
    this.table = table;
    this.keys = keys;
    this.indexes = indexes;
  }

  /**
   * @param observer a client whose own calls aren't counted
   */
  static async of(observer: DynamoDBClient, table: string): Promise<DynamoBilling> {
    const { Table: described } = await observer.send(new DescribeTableCommand({ TableName: table }));
    const keys = keysOf(described?.KeySchema);
    const indexes = (described?.GlobalSecondaryIndexes ?? []).map(({ KeySchema, Projection }): Index => {
      const indexKeys = keysOf(KeySchema);
      const attributes =
        Projection?.ProjectionType === "ALL"
          ? ("all" as const)
          : [...keys, ...indexKeys, ...(Projection?.NonKeyAttributes ?? [])];
      return { keys: indexKeys, attributes };
    });
    return new DynamoBilling(observer, table, keys, indexes);
  }

  /** Makes a call and returns what it cost, whether or not it fails. */
  async charge<R extends { output: Answer }>(
    command: string,
    request: Request,
    call: () => Promise<R>,
  ): Promise<{ units: Units; outcome: PromiseSettledResult<R> }> {
    const settle = async () => (await Promise.allSettled([call()]))[0];
    if (command === "TransactWriteItemsCommand") return this.chargeTransaction(request, settle);
    const written = request.Key ?? request.Item;
    if (written === undefined || !/^(Put|Update|Delete)Item/.test(command)) {
      const outcome = await settle();
      const readUnits =
        outcome.status === "fulfilled" ? this.readUnits(command, request, outcome.value.output) : 0;
      return { units: { readUnits, writeUnits: 0 }, outcome };
    }
    const before = await this.look(written);
    const outcome = await settle();
    const after = await this.look(written);
    return { units: { readUnits: 0, writeUnits: this.writeUnits(before, after) }, outcome };
  }

  /**
   * A transaction writes each item twice, and its indexes once. It costs the same for the items if it is refused, and for
   * an item that it only checks.
   */
  private async chargeTransaction<R>(
    { TransactItems: writes = [] }: Request,
    settle: () => Promise<PromiseSettledResult<R>>,
  ): Promise<{ units: Units; outcome: PromiseSettledResult<R> }> {
    const items = writes.flatMap((write) =>
      Object.values(write).map(({ Key: key, Item: item }) => key ?? item ?? {}),
    );
    const look = () => Promise.all(items.map((item) => this.look(item)));
    const before = await look();
    const outcome = await settle();
    const after = await look();
    const writeUnits = before.reduce((units, old, place) => {
      const now = after[place] ?? {};
      const table = writeUnitsFor(Math.max(itemBytes(old), itemBytes(now)));
      return units + table + this.writeUnits(old, now);
    }, 0);
    return { units: { readUnits: 0, writeUnits }, outcome };
  }

  private async look(item: Item): Promise<Item> {
    const key = Object.fromEntries(this.keys.flatMap((name) => (item[name] ? [[name, item[name]]] : [])));
    const read = new GetItemCommand({ TableName: this.table, Key: key, ConsistentRead: true });
    return (await this.observer.send(read)).Item ?? {};
  }

  private readUnits(command: string, request: Request, answer: Answer): number {
    if (command === "GetItemCommand") {
      return readUnitsFor(itemBytes(answer.Item ?? {}), request.ConsistentRead === true);
    }
    if (command === "BatchGetItemCommand") {
      // Each item is rounded up separately. A missing item costs as much as a small one.
      const consistent = request.RequestItems?.[this.table]?.ConsistentRead === true;
      const requested = request.RequestItems?.[this.table]?.Keys.length ?? 0;
      const found = answer.Responses?.[this.table] ?? [];
      const missing = (requested - found.length) * readUnitsFor(0, consistent);
      return found.reduce((units, item) => units + readUnitsFor(itemBytes(item), consistent), missing);
    }
    // A query is rounded up once, for everything that it read.
    const bytes = (answer.Items ?? []).reduce((total, item) => total + itemBytes(item), 0);
    return readUnitsFor(bytes, request.ConsistentRead === true);
  }

  private writeUnits(before: Item, after: Item): number {
    const table = writeUnitsFor(Math.max(itemBytes(before), itemBytes(after)));
    return this.indexes.reduce((units, index) => units + this.indexUnits(index, before, after), table);
  }

  /** An index is written only if its copy of the item changes. A changed key is a deletion and an insertion. */
  private indexUnits({ keys, attributes }: Index, before: Item, after: Item): number {
    const held = (item: Item): Item | undefined => {
      if (keys.some((key) => item[key] === undefined)) return undefined;
      if (attributes === "all") return item;
      return Object.fromEntries(Object.entries(item).filter(([name]) => attributes.includes(name)));
    };
    const [old, now] = [held(before), held(after)];
    if (isDeepStrictEqual(old, now)) return 0;
    const units = (item: Item | undefined) => (item === undefined ? 0 : writeUnitsFor(itemBytes(item)));
    const sameKey = keys.every((key) => isDeepStrictEqual(old?.[key], now?.[key]));
    return sameKey ? Math.max(units(old), units(now)) : units(old) + units(now);
  }
}
