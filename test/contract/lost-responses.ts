import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

/**
 * Loses the answer to the first try of every call, after the call took effect. The SDK then tries again, as it does if
 * a connection breaks. Queries do get their answers: a list reads dozens of partitions at once, and the SDK's retry
 * quota doesn't cover so many lost answers in a moment.
 */
export function loseFirstResponses(client: DynamoDBDocumentClient): void {
  const answered = new WeakSet<object>();
  client.middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const result = await next(args);
        if (commandName === "QueryCommand" || answered.has(args.input)) return result;
        answered.add(args.input);
        throw Object.assign(new Error("the answer was lost"), { name: "TimeoutError" });
      },
    // Last in its step, so it's within the SDK's retries and runs once for each try.
    { step: "finalizeRequest", priority: "low", name: "loseFirstResponses" },
  );
}
