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

/** What a part of a trace is about. X-Ray finds traces by these names: `annotation.run = "…"`. */
type TracedRun = { readonly runId: string; readonly step: string };

/**
 * Does work as a part of its own in the invocation's trace. An invocation handles up to ten messages at once, mostly of
 * different runs: without parts, nothing would say which calls were for which run. X-Ray gives each invocation a new
 * trace and links it to the traces of its messages' senders. A search for the run finds all of them, and also those that
 * no message leads to: after a Batch job, a wait or a lost message.
 *
 * @param about undefined if the work is for no run
 */
async function traceRun(about: TracedRun | undefined, work: () => Promise<void>): Promise<void> {
  if (about === undefined || !tracer.isTracingEnabled()) return work();
  await tracer.provider.captureAsyncFunc(about.step, async (part) => {
    part?.addAnnotation("run", about.runId);
    part?.addAnnotation("step", about.step);
    try {
      await work();
    } catch (error) {
      part?.addError(error instanceof Error ? error : String(error));
      throw error;
    } finally {
      part?.close();
    }
  });
}

/** How a function handles the messages of one queue. */
type MessageHandling<M> = {
  /** Parses a message. With undefined, there is nothing to handle. */
  readonly parse: (body: string) => M | undefined;
  /** The run and the step that a message is about, for the trace. */
  readonly about?: (message: M) => TracedRun | undefined;
  readonly handle: (message: M, context: Context) => Promise<void>;
};

/**
 * A function that takes messages from a queue and handles a whole batch at once. A message that can't be parsed or
 * handled comes back by itself; the others are done.
 */
export function messageHandler<M>({ parse, about, handle }: MessageHandling<M>) {
  const consume = (event: SQSEvent, context: Context): Promise<SQSBatchResponse> => {
    const processor = new BatchProcessor(EventType.SQS);
    const one = async ({ body, messageId }: SQSRecord) => {
      try {
        const message = parse(body);
        if (message !== undefined) await traceRun(about?.(message), () => handle(message, context));
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
