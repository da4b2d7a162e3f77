import * as z from "zod";
import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import { fatal } from "../state/failure.ts";
import { sleeping } from "../state/step-changes.ts";
import type { HeldStep, TimedStep } from "../state/step-record.ts";
import { replaceStep } from "./claim-step.ts";
import { failAttempt, hintLater, succeedWith } from "./finish-attempt.ts";
import { parsedInput } from "./read-or-fail.ts";
import type { StepWork } from "./step-work.ts";

/** Maximum wait in seconds; for anything longer, a schedule is the right tool. */
const maxWait = 366 * 24 * 3600;

const waitInput = z.union([
  z.strictObject({ seconds: z.number().nonnegative().max(maxWait) }),
  z.strictObject({ until: z.iso.datetime({ offset: true }) }),
]);

const resultOf = (wakeAt: number) => ({ value: new Date(wakeAt).toISOString() });

/** Ends a wait whose time has come. */
export function endWait(engine: Engine, work: StepWork, record: TimedStep & StoredStep): Promise<void> {
  return succeedWith(engine, work, record, resultOf(record.wakeAt));
}

/** Suspends a wait until its time, or ends it at once if the time has passed. */
export async function runWait(engine: Engine, work: StepWork, held: HeldStep & StoredStep): Promise<void> {
  const expected = "a wait takes seconds, at most a year, or a time in ISO 8601";
  const input = await parsedInput(engine, work, held, waitInput, expected);
  if (input === undefined) return;
  const wait = input.value;
  const wakeAt =
    "until" in wait ? Date.parse(wait.until) : Date.parse(held.startedAt) + Math.round(wait.seconds * 1000);
  const now = engine.clock.now();
  if (wakeAt <= now) return succeedWith(engine, work, held, resultOf(wakeAt));
  if (wakeAt - now > maxWait * 1000) {
    const message = `would wait until ${new Date(wakeAt).toISOString()}, which is more than a year`;
    return failAttempt(
      engine,
      work,
      held,
      fatal("INVALID_INPUT", message, "Wait for less than a year, or use a schedule."),
    );
  }
  if ((await replaceStep(engine, sleeping(held, wakeAt), held)) === undefined) return;
  await hintLater(engine, work, held, wakeAt - now);
}
