import * as z from "zod";
import type { Engine } from "../engine.ts";
import { fatal } from "../state/failure.ts";
import { awaitingObject } from "../state/step-changes.ts";
import type { HeldStep, ObjectStep } from "../state/step-record.ts";
import type { StoredStep } from "../store/run-store.ts";
import { replaceStep } from "./claim-step.ts";
import { failAttempt, hintLater, succeedWith } from "./finish-attempt.ts";
import { readOrFail } from "./read-or-fail.ts";
import { inputOf } from "./step-input.ts";
import type { StepWork } from "./step-work.ts";

/** The bucket tells of objects under this prefix only. */
const watchedPrefix = "raw/";

const objectInput = z.strictObject({ object: z.string().startsWith(watchedPrefix) });

/** Has a step wait for an object; one that is there already ends it at once. */
export async function awaitObject(
  engine: Engine,
  work: StepWork,
  held: HeldStep & StoredStep,
): Promise<void> {
  const { run, graph, node } = work;
  const index = held.index === "map" ? 0 : held.index;
  const input = await readOrFail(engine, work, held, () => inputOf(engine, run, graph, node, index));
  if (input === undefined) return;
  const parsed = objectInput.safeParse(input.value);
  if (!parsed.success) {
    const message = `cannot wait for ${JSON.stringify(input.value).slice(0, 200)}: give a key under ${watchedPrefix}, where the bucket tells of new objects`;
    return failAttempt(engine, work, held, fatal("InvalidInput", message));
  }
  const uri = engine.objects.locate(parsed.data.object);
  const now = engine.clock.now();
  const deadlineAt = now + node.timeout * 1000;
  const put = await replaceStep(engine, awaitingObject(held, uri, deadlineAt), held);
  if (put === undefined || !("holder" in put) || put.holder !== "object") return;
  const { runId, step, epoch } = held;
  // The note before the look: an object that comes after the look finds the note.
  await engine.waiters.add(uri, { runId, step, index, epoch }, deadlineAt);
  await lookForObject(engine, work, put);
}

/** Moves a step on if its object is there, or its deadline has passed. */
export async function lookForObject(
  engine: Engine,
  work: StepWork,
  record: ObjectStep & StoredStep,
): Promise<void> {
  const { uri, deadlineAt, runId, step, index, epoch } = record;
  const head = await engine.objects.head(uri);
  const now = engine.clock.now();
  if (head === undefined && deadlineAt > now) {
    // Later ones are the sweep's: it looks at every step that waits for an object.
    if (deadlineAt - now <= engine.settings.sweepSeconds * 1000) {
      await hintLater(engine, work, record, deadlineAt - now);
    }
    return;
  }
  await engine.waiters.remove(uri, { runId, step, index, epoch });
  if (head === undefined) {
    const seconds = Math.round((deadlineAt - Date.parse(record.startedAt)) / 1000);
    const message = `${uri} did not come within ${seconds} s; raise the deadline, or see why it is late`;
    return failAttempt(engine, work, record, { ...fatal("ObjectMissing", message), timedOut: true });
  }
  const { bytes, versionId } = head;
  const value = { uri, bytes, ...(versionId !== undefined && { versionId }) };
  await succeedWith(engine, work, record, { value });
}
