import { BatchProcessor, EventType, processPartialResponse } from "@aws-lambda-powertools/batch";
import { injectLambdaContext } from "@aws-lambda-powertools/logger/middleware";
import { captureLambdaHandler } from "@aws-lambda-powertools/tracer/middleware";
import middy from "@middy/core";
import type { Context, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { errorText, MillraceError } from "../pipeline/millrace-error.ts";
import { logger, tracer } from "./telemetry.ts";

/** Answers with the whole error: its caller gets only a text, from which the CLI reads the code and the remedy. */
function answering<E extends unknown[], R>(handle: (...event: E) => Promise<R>): (...event: E) => Promise<R> {
  return async (...event) => {
    try {
      return await handle(...event);
    } catch (error) {
      if (!(error instanceof MillraceError)) throw error;
      throw Object.assign(new Error(errorText(error), { cause: error }), { name: error.name });
    }
  };
}

/** A function that is invoked by hand or by the scheduler, with logs and traces. */
export function invokedHandler<R>(handle: (event: unknown, context: Context) => Promise<R>) {
  return middy<unknown, R>()
    .use(injectLambdaContext(logger))
    .use(captureLambdaHandler(tracer, { captureResponse: false }))
    .handler(answering(handle));
}

/**
 * A function that takes messages from a queue and handles a whole batch at once. A message whose handler throws comes
 * back by itself; the others are done.
 */
export function messageHandler(handle: (body: string, context: Context) => Promise<void>) {
  const consume = (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const processor = new BatchProcessor(EventType.SQS);
    const one = async ({ body, messageId }: SQSRecord) => {
      try {
        await handle(body, context);
      } catch (error) {
        logger.error("message could not be handled and comes back", { messageId, body, error });
        throw error;
      }
    };
    return processPartialResponse(event, one, processor, { context, throwOnFullBatchFailure: false });
  };
  return middy<SQSEvent, SQSBatchResponse>()
    .use(injectLambdaContext(logger))
    .use(captureLambdaHandler(tracer, { captureResponse: false }))
    .handler(consume);
}
