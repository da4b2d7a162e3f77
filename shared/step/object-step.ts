import * as z from "zod";
import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import { nextSweep } from "../run/next-sweep.ts";
import { fatal } from "../state/failure.ts";
import { awaitingObject } from "../state/step-changes.ts";
import type { HeldStep, ObjectStep } from "../state/step-record.ts";
import { replaceStep } from "./claim-step.ts";
import { failAttempt, hintLater, succeedWith } from "./finish-attempt.ts";
import { parsedInput } from "./read-or-fail.ts";
import type { StepWork } from "./step-work.ts";

/** The bucket sends events only for objects under this prefix. */
const watchedPrefix = "raw/";

/** Maximum length of an object's key in S3. */
const maxKey = 1024;

const objectInput = z.strictObject({ object: z.string().startsWith(watchedPrefix).max(maxKey) });

/** Starts a step's wait for an object. If the object already exists, the step ends at once. */
export async function awaitObject(
  engine: Engine,
  work: StepWork,
  held: HeldStep & StoredStep,
): Promise<void> {
  const expected = `an object that is waited for is a key under ${watchedPrefix}, where the bucket tells of new ones, of up to ${maxKey} characters`;
  const input = await parsedInput(engine, work, held, objectInput, expected);
  if (input === undefined) return;
  const uri = engine.objects.locate(input.value.object);
  const deadlineAt = engine.clock.now() + work.node.timeout * 1000;
  const put = await replaceStep(engine, awaitingObject(held, uri, deadlineAt), held);
  if (put === undefined || !("holder" in put) || put.holder !== "object") return;
  const { runId, step, epoch } = held;
  // Register before looking: if the object arrives later, its event finds the waiting step.
  await engine.waiters.add(uri, { runId, step, index: input.index, epoch }, deadlineAt);
  await lookForObject(engine, work, put);
}

/** Moves a step on if its object exists or its deadline has passed. */
export async function lookForObject(
  engine: Engine,
  work: StepWork,
  record: ObjectStep & StoredStep,
): Promise<void> {
  const { uri, deadlineAt, runId, step, index, epoch } = record;
  const head = await engine.objects.head(uri);
  const now = engine.clock.now();
  if (head === undefined && deadlineAt > now) {
    // The sweep handles later deadlines: it looks at every step that waits for an object.
    if (deadlineAt <= nextSweep(engine)) await hintLater(engine, work, record, deadlineAt - now);
    return;
  }
  await engine.waiters.remove(uri, { runId, step, index, epoch });
  if (head === undefined) {
    const seconds = Math.round((deadlineAt - Date.parse(record.startedAt)) / 1000);
    const message = `${uri} did not arrive within ${seconds} s`;
    return failAttempt(engine, work, record, { ...fatal("OBJECT_MISSING", message), timedOut: true });
  }
  const { bytes, versionId } = head;
  const value = { uri, bytes, ...(versionId !== undefined && { versionId }) };
  await succeedWith(engine, work, record, { value });
}
