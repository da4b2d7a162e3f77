import { functionQueue } from "../pipeline/job.ts";
import type { BatchService } from "../ports/batch-service.ts";
import { isFunctionJob } from "./function-jobs.ts";

/** One service for jobs in two places: those of the queue `lambda` are calls of functions, all others go to AWS Batch. */
export function jobsByPlace(functions: BatchService, batch: BatchService): BatchService {
  const ofQueue = (queue: string) => (queue === functionQueue ? functions : batch);
  const ofId = (id: string) => (isFunctionJob(id) ? functions : batch);
  return {
    submit: (job) => ofQueue(job.resources.queue).submit(job),
    findByName: (name, queue) => ofQueue(queue).findByName(name, queue),
    async describe(ids) {
      const [called, queued] = [ids.filter(isFunctionJob), ids.filter((id) => !isFunctionJob(id))];
      return [
        ...(called.length === 0 ? [] : await functions.describe(called)),
        ...(queued.length === 0 ? [] : await batch.describe(queued)),
      ];
    },
    complete: (id) => ofId(id).complete(id),
    isServing: (queue) => ofQueue(queue).isServing(queue),
    terminate: (id, reason) => ofId(id).terminate(id, reason),
  };
}
