import type { DynamoBilling, Units } from "./dynamo-billing.ts";

/** A service that the engine calls. */
export type Service = "dynamodb" | "sqs" | "s3" | "batch";

/** One request as it left the SDK. A retried call makes several. */
export type Call = Units & { readonly service: Service; readonly command: string };

/** Where the counter goes in a client's stack: after the marshalling of documents and after the SDK's retries. */
export const countingPlace = { step: "finalizeRequest", priority: "low", name: "countCalls" } as const;

/**
 * The requests that AWS clients make. The billing is right only for one request at a time, as the engine makes them.
 */
export class CallRecord {
  private calls: Call[] = [];

  /**
   * Middleware that counts a client's requests, to be added at {@link countingPlace}.
   *
   * @param billing only for a client of DynamoDB
   */
  counter(service: Service, billing?: DynamoBilling) {
    return <A extends { input: object }, R extends { output: object }>(
      next: (args: A) => Promise<R>,
      { commandName: command = "" }: { commandName?: string },
    ) =>
      async (args: A): Promise<R> => {
        if (billing === undefined) {
          this.calls.push({ service, command, readUnits: 0, writeUnits: 0 });
          return next(args);
        }
        const { units, outcome } = await billing.charge(command, args.input, () => next(args));
        this.calls.push({ service, command, ...units });
        if (outcome.status === "rejected") throw outcome.reason;
        return outcome.value;
      };
  }

  /** Returns the requests since the last call of this method. */
  take(): Call[] {
    const taken = this.calls;
    this.calls = [];
    return taken;
  }
}
