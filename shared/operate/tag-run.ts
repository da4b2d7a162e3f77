import { maxTags, tagsInOrder } from "../pipeline/tag.ts";
import type { Engine } from "../ports/engine.ts";
import { RunNotFoundError, RunStateError } from "../run/run-errors.ts";
import type { TaggedRun } from "./run-answer.ts";

/**
 * Adds tags to a run and removes others, in any state. A repeated call changes nothing.
 *
 * @throws RunNotFoundError
 * @throws RunStateError if it would have too many; nothing was changed then
 */
export async function tagRun(
  engine: Engine,
  { runId, add, remove }: { runId: string; add: readonly string[]; remove: readonly string[] },
): Promise<TaggedRun> {
  // Another round means that somebody else changed the tags meanwhile.
  for (;;) {
    const run = await engine.store.getRun(runId);
    if (run === undefined) throw new RunNotFoundError(runId);
    const tags = tagsInOrder([...run.tags.filter((tag) => !remove.includes(tag)), ...add]);
    if (tags.length > maxTags) {
      throw new RunStateError(`run ${runId} would have ${tags.length} tags; at most ${maxTags}`, {
        remedy: "Remove some tags.",
      });
    }
    if (await engine.store.tagRun(run, tags)) return { runId, tags };
  }
}
