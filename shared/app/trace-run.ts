import { tracer } from "./telemetry.ts";

/** What a part of a trace is about. X-Ray finds traces by these names: `annotation.run = "…"`. */
export type TracedRun = { readonly runId: string; readonly step: string };

/**
 * Does work as a part of its own in the invocation's trace. An invocation handles up to ten messages at once, mostly of
 * different runs: without parts, nothing would say which calls were for which run. X-Ray gives each invocation a new
 * trace and links it to the traces of its messages' senders. A search for the run finds all of them, and also those that
 * no message leads to: after a Batch job, a wait or a lost message.
 *
 * @param about undefined if the work is for no run
 * @returns when the work is done; throws what the work throws
 */
export async function traceRun(about: TracedRun | undefined, work: () => Promise<void>): Promise<void> {
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
