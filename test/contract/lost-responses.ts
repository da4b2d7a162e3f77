import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

/**
 * Loses the answer to the first try of every call, after the call took effect: the SDK then tries again, as it does
 * when a connection breaks. Queries get theirs: a list reads dozens of partitions at once, and the SDK's quota of retries
 * does not cover that many lost answers in a moment.
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
    // Last of its step: within the SDK's retries, once for each try.
    { step: "finalizeRequest", priority: "low", name: "loseFirstResponses" },
  );
}
