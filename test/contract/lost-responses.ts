import type { DynamoDBDocumentClient } from "@aws-sdk/lib-dynamodb";

/**
 * Loses the answer to the first try of every call, after the call took effect: the SDK then tries again, as it does
 * when a connection breaks.
 */
export function loseFirstResponses(client: DynamoDBDocumentClient): void {
  const answered = new WeakSet<object>();
  client.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      if (answered.has(args.input)) return result;
      answered.add(args.input);
      throw Object.assign(new Error("the answer was lost"), { name: "TimeoutError" });
    },
    // Last of its step: within the SDK's retries, once for each try.
    { step: "finalizeRequest", priority: "low", name: "loseFirstResponses" },
  );
}
