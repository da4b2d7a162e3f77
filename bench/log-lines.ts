/**
 * Runs a chain with the functions' own log and metrics, and prints their output, one line each. It must be started with
 * the functions' environment; its caller counts the lines.
 */
import { log, meter } from "../shared/app/telemetry.ts";
import { startRun } from "../shared/run/start-run.ts";
import { MemoryEngine } from "../shared/testing/memory-engine.ts";
import { chain } from "./pipelines.ts";

const memory = new MemoryEngine([chain]);
memory.engine = { ...memory.engine, log, meter };
const { runId } = await startRun(memory.engine, {
  pipeline: chain.name,
  cause: { kind: "manual" },
  causeKey: "bench",
});
await memory.finish(runId);
