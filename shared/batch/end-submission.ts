import type { StepNode } from "../pipeline/graph.ts";
import type { Engine } from "../ports/engine.ts";
import { queuesOf } from "../state/attempt-resources.ts";
import type { Run } from "../state/run.ts";
import type { StepRecord } from "../state/step-record.ts";
import { jobName } from "./job-environment.ts";
import { takeClaim } from "./job-files.ts";

/**
 * Ends whatever jobs a submission led to, although nobody recorded them: those that Batch lists by the attempt's names
 * are ended, and one that comes later finds its claim taken.
 */
export async function endSubmission(
  engine: Engine,
  run: Run,
  node: StepNode,
  record: StepRecord,
  reason: string,
): Promise<void> {
  if (node.task.kind !== "batch") return;
  if (record.index !== "map") await takeClaim(engine, run, { ...record, index: record.index });
  // A record that was tried again counts the loss of its attempt, and so no longer says which queue that was in.
  for (const queue of queuesOf(node.task.resources)) {
    // A map's array jobs are numbered; the first number without a job is past the last.
    for (let part = 0; ; part += 1) {
      const ids = await engine.batch.findByName(jobName(record, part), queue);
      if (ids.length === 0) break;
      for (const id of ids) await engine.batch.terminate(id, reason);
    }
  }
}
