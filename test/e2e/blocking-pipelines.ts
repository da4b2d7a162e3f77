import * as z from "zod";
import { definePipeline, lambda, type Pipeline } from "../../shared/pipeline/index.ts";

const nothing = z.strictObject({});

/**
 * Blocks the event loop, as a long computation does, but leaves the processor to the other tests. The tests of the
 * watchdog compute.
 */
function block(milliseconds: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, milliseconds);
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A function that blocks for longer than its timeout, and then returns. */
const long = definePipeline({ name: "busy", params: nothing }, ({ step }) => {
  step(
    "compute",
    lambda({}, () => {
      block(6000);
      return 1;
    }),
    { timeout: 2, retries: { limit: 0 } },
  );
});

/** A function that never ends, among others that only wait. */
const endless = definePipeline({ name: "endless", params: nothing }, ({ map }) => {
  map(
    "each",
    [0, 1, 2, 3, 4, 5],
    (n) =>
      lambda({ n }, async ({ n }) => {
        await pause(500);
        if (n === 0) block(Number.POSITIVE_INFINITY);
        await pause(1000);
        return n;
      }),
    { timeout: 3, retries: { limit: 0 } },
  );
});

/** Pipelines whose functions block their workers. */
export const pipelines: readonly Pipeline[] = [long, endless];
