import type { StepNode } from "../pipeline/graph.ts";
import type { Engine } from "../ports/engine.ts";
import { queuesOf } from "../state/attempt-resources.ts";
import type { Run } from "../state/run.ts";
import type { StepRecord } from "../state/step-record.ts";
import { jobName } from "./job-environment.ts";
import { takeClaim } from "./job-files.ts";

/**
 * Ends all jobs of a submission, even if no record names them. The jobs that Batch lists under the attempt's names are
 * terminated. A job that Batch lists later finds its claim taken.
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
  // If a record's attempt was lost, the record counts the loss and no longer says which queue the attempt was in.
  for (const queue of queuesOf(node.task.resources)) {
    // A map's array jobs are numbered. The first number without a job is past the last one.
    for (let part = 0; ; part += 1) {
      const ids = await engine.batch.findByName(jobName(record, part), queue);
      if (ids.length === 0) break;
      for (const id of ids) await engine.batch.terminate(id, reason);
    }
  }
}
