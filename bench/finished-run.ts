import { setTimeout as delay } from "node:timers/promises";
import { type EndedRun, isActive } from "../shared/state/run.ts";
import type { BenchService } from "./bench-service.ts";

let starts = 0;

/** A run that succeeded, and the milliseconds from the call that started it until its end was read from the table. */
export type FinishedRun = { readonly run: EndedRun; readonly milliseconds: number };

/**
 * Starts a run through the deployed function and waits until it has ended.
 *
 * @param pollMs milliseconds; asking often delays the answer, because the stack is one process
 * @throws Error if the run doesn't succeed
 */
export async function finishedRun(
  { stack, store }: BenchService,
  pipeline: string,
  params: object,
  pollMs = 250,
): Promise<FinishedRun> {
  starts += 1;
  const request = { pipeline, params, key: `bench-${starts}` };
  const start = performance.now();
  const started = await stack.invoke("millrace-local-start", request);
  if (!started.ok) throw new Error(`${pipeline} was not started: ${started.errorMessage}`);
  const { runId } = started.payload as { runId: string };
  for (;;) {
    const run = await store.getRun(runId);
    if (run !== undefined && !isActive(run)) {
      if (run.state !== "SUCCEEDED") throw new Error(`${runId} ended ${run.state}: ${run.error?.message}`);
      return { run, milliseconds: performance.now() - start };
    }
    await delay(pollMs);
  }
}
