import * as z from "zod";
import { attemptFiles, attemptPrefix } from "../objects/layout.ts";
import type { Json } from "../pipeline/json.ts";
import { storedJson } from "../pipeline/stored-record.ts";
import { isOutage } from "../platform/outage.ts";
import { isThrottling } from "../platform/throttling.ts";
import type { Engine } from "../ports/engine.ts";
import type { Failure } from "../state/failure.ts";
import type { Run } from "../state/run.ts";
import type { HeldStep } from "../state/step-record.ts";

/** The end of a lease identifies it: what was kept under an earlier lease of the same attempt doesn't count. */
const lease = { leaseUntil: z.number() };

/** A failure isn't checked again, because the engine itself has written it. */
const storedFailure = z.custom<Failure>((value) => typeof value === "object" && value !== null);

/** What became of a lease whose worker couldn't write to the table. */
const keptOutcome = z.union([
  z.object({ ...lease, output: storedJson }),
  z.object({ ...lease, failure: storedFailure }),
  /** The worker gave the step up without a result. */
  z.object({ ...lease, released: z.literal(true) }),
]);
export type KeptOutcome = z.infer<typeof keptOutcome>;

/** Whether an error says only that AWS can't do it now: it throttles, fails or can't be reached. */
export function passes(error: unknown): boolean {
  return isThrottling(error) || isOutage(error);
}

/** Longest and first delay between two tries, in milliseconds. */
const backoff = { first: 200, longest: 5000 };

/** Milliseconds to wait before another try: it doubles, and half of it is random. @param tried from 1 */
export function delayBeforeRetry(engine: Engine, tried: number): number {
  const bound = Math.min(backoff.longest, backoff.first * 2 ** Math.min(tried - 1, 10));
  return bound * (0.5 + engine.random() / 2);
}

/**
 * Asks AWS again while it throttles or fails.
 *
 * @param until when it gives up, epoch milliseconds
 * @throws the last error
 */
export async function askUntil<T>(engine: Engine, until: number, ask: () => Promise<T>): Promise<T> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await ask();
    } catch (error) {
      const delay = delayBeforeRetry(engine, tried);
      if (!passes(error) || engine.clock.now() + delay >= until) throw error;
      await engine.clock.pause(delay);
    }
  }
}

const placeOf = (engine: Engine, run: Run, held: HeldStep) =>
  engine.objects.locate(attemptPrefix(run, held) + attemptFiles.outcome);

/**
 * Keeps in S3 what became of a lease, so that a worker that finds it expired doesn't count its holder as lost.
 *
 * @returns false if S3 doesn't take it now
 */
export async function keepOutcome(
  engine: Engine,
  run: Run,
  held: HeldStep,
  outcome: { readonly output: Json } | { readonly failure: Failure } | { readonly released: true },
): Promise<boolean> {
  const { leaseUntil } = held;
  const text = JSON.stringify({ leaseUntil, ...outcome });
  try {
    await engine.objects.put(placeOf(engine, run, held), text, "application/json");
    return true;
  } catch (error) {
    if (!passes(error)) throw error;
    return false;
  }
}

/** What was kept of a lease that has run out. Undefined if nothing was: its worker died. */
export async function keptOutcomeOf(
  engine: Engine,
  run: Run,
  lapsed: HeldStep,
): Promise<KeptOutcome | undefined> {
  const bytes = await engine.objects.get(placeOf(engine, run, lapsed));
  if (bytes === undefined) return undefined;
  const kept = keptOutcome.parse(JSON.parse(new TextDecoder().decode(bytes)));
  return kept.leaseUntil === lapsed.leaseUntil ? kept : undefined;
}
