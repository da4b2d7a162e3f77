import fc from "fast-check";
import { aHeldStep, epochStart } from "../../test/factories.ts";
import { type ClaimDecision, type ClaimRequest, decideClaim, releasedLease } from "./decide-claim.ts";
import {
  awaitingApproval,
  awaitingObject,
  awaitingRun,
  betweenPasses,
  cached,
  ended,
  expanded,
  retrying,
  sleeping,
  submitted,
  succeeded,
  withJobAttempt,
  withLosses,
} from "./step-changes.ts";
import { addedFields } from "./step-facts.ts";
import { type HeldStep, type JobAttempt, type StepRecord, stepKinds } from "./step-record.ts";

const error = { name: "ValueError", message: "y has 3 NaN" };
const source = { runId: "earlier", step: "train_model", index: 0 };
const attempt: JobAttempt = {
  ...{ epoch: 1, attempt: 1, job: "j", vcpus: 1, memory: 1, queue: "cpu" },
  state: "FAILED",
  tries: [],
};

/** Every change of a record within its attempt. */
const changes: readonly [string, (held: HeldStep) => StepRecord][] = [
  ["succeeds", (held) => succeeded(held, { value: 1 }, epochStart)],
  ["takes a cached result", (held) => cached(held, { value: 1 }, source, epochStart)],
  ["fails", (held) => ended(held, "FAILED", epochStart, error)],
  ["is to be retried", (held) => retrying(held, error, epochStart)],
  ["is lost", (held) => retrying(held, error, epochStart, "spot")],
  ["is submitted", (held) => submitted(held, [])],
  ["becomes a map's children", (held) => expanded(held, 3)],
  ["waits for a child run", (held) => awaitingRun(held, { runId: "child", epoch: 1 })],
  ["sleeps", (held) => sleeping(held, epochStart)],
  ["is between two passes", (held) => betweenPasses(held, epochStart)],
  ["waits for an object", (held) => awaitingObject(held, "s3://a/b", epochStart)],
  ["waits for an approval", (held) => awaitingApproval(held, "?", epochStart)],
  ["reports a job", (held) => withJobAttempt(held, attempt)],
  ["reports losses", (held) => withLosses(held, "spot", 2)],
];

const known = new Set(stepKinds.flatMap(({ shape }) => Object.keys(shape)).concat("version"));
/** Fields that no version of this code knows. */
const fields = fc.dictionary(
  fc.stringMatching(/^[a-z][A-Za-z]{0,8}$/).filter((name) => !known.has(name)),
  fc.jsonValue(),
  { minKeys: 1, noNullPrototype: true },
);

function request(epoch: number, more: Partial<ClaimRequest> = {}): ClaimRequest {
  const { runId, step, index } = aHeldStep();
  const now = epochStart + 600_000;
  return { key: { runId, step, index }, epoch, state: "RUNNING", now, leaseUntil: now + 1, ...more };
}

function claimedOf(decision: ClaimDecision): HeldStep {
  if (decision.kind !== "claim") throw new Error(`${decision.kind} is no claim`);
  return decision.record;
}

describe("a field that newer code added to a step's record", () => {
  test.each(changes)("is kept when the attempt %s", (_, change) => {
    fc.assert(
      fc.property(fields, (added) => {
        const next = change({ ...aHeldStep(), ...added });
        expect(next).toMatchObject(added);
        expect(addedFields(next)).toEqual(added);
      }),
    );
  });

  test("is kept when another worker takes over an unfinished attempt", () => {
    fc.assert(
      fc.property(fields, (added) => {
        const submitting = { ...aHeldStep({ state: "SUBMITTED" }), ...added };
        expect(addedFields(claimedOf(decideClaim(submitting, request(1))))).toEqual(added);
        const releaseLease = { ...aHeldStep({ leaseUntil: releasedLease }), ...added };
        expect(addedFields(claimedOf(decideClaim(releaseLease, request(1))))).toEqual(added);
      }),
    );
  });

  test("is removed when the next attempt, pass or epoch begins", () => {
    fc.assert(
      fc.property(fields, (added) => {
        const held = { ...aHeldStep(), ...added };
        for (const [before, epoch] of [
          [retrying(held, error, epochStart), 1],
          [betweenPasses(held, epochStart), 1],
          [ended(held, "FAILED", epochStart, error), 2],
        ] as const) {
          expect(addedFields(claimedOf(decideClaim(before, request(epoch))))).toEqual({});
        }
      }),
    );
  });

  test("is kept inside fields that pass to the next attempt", () => {
    const child = { runId: "child", epoch: 1, since: "monday" };
    const before = retrying({ ...aHeldStep(), child, losses: { spot: 1, flood: 2 } as object }, error, 0);
    expect(claimedOf(decideClaim(before, request(1)))).toMatchObject({
      child,
      losses: { spot: 1, flood: 2 },
      attempt: 2,
    });
  });
});

test("fields of some kinds of record only are removed with that kind, and so is the version", () => {
  const job = { ...submitted(aHeldStep(), [], 3), runnableSince: 1, log: "g:s", version: "w1" };
  expect(retrying(job, error, 5)).toEqual({
    ...aHeldStep(),
    failures: 1,
    state: "RETRYING",
    retryAt: 5,
    error,
    holder: undefined,
    leaseUntil: undefined,
  });
});
