import fc from "fast-check";
import { aHeldStep, timeAt } from "../../test/factories.ts";
import { decideClaim } from "./decide-claim.ts";
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
} from "./step-changes.ts";
import {
  hasEnded,
  hasResult,
  isHeld,
  type StepFacts,
  type StepRecord,
  stepTransitions,
} from "./step-record.ts";

const now = 1_000_000;
const request = (epoch: number, state: "RUNNING" | "SUBMITTED" = "RUNNING") => ({
  key: { runId: "r", step: "s", index: 0 },
  epoch,
  state,
  now,
  leaseUntil: now + 1000,
});
const held = aHeldStep({ leaseUntil: now + 500 });
const lapsed = aHeldStep({ leaseUntil: now - 1 });
const failure = { name: "Error", message: "x" };

describe("a claim", () => {
  it("of a new step is its first attempt", () => {
    const decision = decideClaim(undefined, request(1));
    expect(decision).toMatchObject({ kind: "claim", record: { attempt: 1, failures: 0, state: "RUNNING" } });
  });

  it("waits while another worker's lease is valid", () => {
    expect(decideClaim(held, request(1))).toMatchObject({ kind: "later", at: now + 500 });
  });

  it("reports an attempt with an expired lease as lost", () => {
    expect(decideClaim(lapsed, request(1))).toEqual({ kind: "lost", record: lapsed });
  });

  it("takes over an expired submission as the same attempt, whose job may exist", () => {
    const submission = aHeldStep({ state: "SUBMITTED", leaseUntil: now - 1 });
    expect(decideClaim(submission, request(1, "SUBMITTED"))).toMatchObject({
      kind: "claim",
      record: { attempt: 1 },
    });
  });

  it("of a retry waits for its time and then keeps the count of failures", () => {
    const later = retrying(held, failure, now + 10);
    expect(decideClaim(later, request(1))).toMatchObject({ kind: "later", at: now + 10 });
    const due = retrying(held, failure, now);
    expect(decideClaim(due, request(1))).toMatchObject({
      kind: "claim",
      record: { attempt: 2, failures: 1 },
    });
  });

  it("leaves a step to the jobs or children that work for it", () => {
    const jobs = submitted(held, [{ id: "j", name: "n" }]);
    expect(decideClaim(jobs, request(1)).kind).toBe("suspended");
    expect(decideClaim(expanded(held, 3), request(1)).kind).toBe("suspended");
  });

  it("of a step with a future time waits for it", () => {
    expect(decideClaim(sleeping(held, now + 10), request(1))).toMatchObject({ kind: "later", at: now + 10 });
    expect(decideClaim(betweenPasses(held, now + 10), request(1))).toMatchObject({ kind: "later" });
  });

  it("leaves a completed wait to the clock, so that it can't be lost, and makes another pass a new attempt", () => {
    expect(decideClaim(sleeping(held, now), request(1)).kind).toBe("suspended");
    expect(decideClaim(betweenPasses(held, now), request(1))).toMatchObject({
      kind: "claim",
      record: { attempt: 2, passes: 1 },
    });
  });

  // Found by the simulation, seed 428252: a submission was given up because the previous pass had taken half an hour.
  it("starts another pass with a new start time", () => {
    const startedAt = new Date(now).toISOString();
    const earlier = aHeldStep({ startedAt: new Date(now - 3_600_000).toISOString() });
    expect(decideClaim(betweenPasses(earlier, now), request(1))).toMatchObject({ record: { startedAt } });
  });

  it("in a new epoch restarts steps that didn't succeed, and never others", () => {
    expect(decideClaim(ended(held, "FAILED", now, failure), request(2))).toMatchObject({
      kind: "claim",
      record: { attempt: 1, failures: 0, epoch: 2 },
    });
    expect(decideClaim(held, request(2)).kind).toBe("claim");
    expect(decideClaim(succeeded(held, { value: 1 }, now), request(2)).kind).toBe("ended");
  });

  it("of a past epoch is stale", () => {
    expect(decideClaim(aHeldStep({ epoch: 2, leaseUntil: now - 1 }), request(1)).kind).toBe("stale");
  });
});

const records: fc.Arbitrary<StepRecord> = fc
  .record({
    attempt: fc.integer({ min: 1, max: 9 }),
    failures: fc.nat(8),
    epoch: fc.constantFrom(1, 2),
    lease: fc.nat(),
  })
  .chain(({ lease, ...facts }) => {
    const base = aHeldStep({ ...facts, leaseUntil: lease });
    return fc.constantFrom<StepRecord>(
      base,
      aHeldStep({ ...facts, state: "SUBMITTED", leaseUntil: lease }),
      submitted(base, []),
      expanded(base, 2),
      retrying(base, failure, lease),
      retrying(base, failure, lease, "spot"),
      sleeping(base, lease),
      betweenPasses(base, lease),
      awaitingRun(base, { runId: "child", epoch: 1 }),
      awaitingObject(base, "s3://data/raw/x", lease),
      awaitingApproval(base, "?", lease),
      cached(base, { value: 1 }, { runId: "earlier", step: "s", index: 0 }, now),
      succeeded(base, { value: null }, now),
      ended(base, "FAILED", now, failure),
      ended(base, "TIMED_OUT", now),
      ended(base, "SKIPPED", now),
      ended(base, "CANCELLED", now),
    );
  });

/** Every fact that a record can have. */
const allFacts: Required<StepFacts> = {
  ...{ runId: "r", step: "s", index: 0, epoch: 1, attempt: 2, failures: 1, startedAt: timeAt(0) },
  losses: { spot: 1 },
  passes: 3,
  child: { runId: "child", epoch: 1 },
  jobAttempts: [],
  functionAttempts: [],
  answer: { approved: true, by: "ana", at: timeAt(1) },
  list: "0123456789abcdef",
  alone: true,
};

describe("transitions", () => {
  it("keep every fact", () => {
    const { startedAt: _startedAt, ...lasting } = allFacts;
    const before = { ...held, ...allFacts };
    expect(submitted(before, [])).toMatchObject(allFacts);
    expect(ended(before, "FAILED", now)).toMatchObject(allFacts);
    const { losses, ...others } = lasting;
    expect(betweenPasses(before, now)).toMatchObject({ ...others, failures: 0, passes: 4 });
    for (const waiting of [retrying(before, failure, now, "spot"), sleeping(before, now)]) {
      const decision = decideClaim(waiting, request(1));
      const { losses = waiting.losses, failures } = waiting;
      expect(decision).toMatchObject({ kind: "claim", record: { ...lasting, losses, failures, attempt: 3 } });
    }
  });

  it("follow the table of transitions", () => {
    fc.assert(
      fc.property(
        fc.option(records, { nil: undefined }),
        fc.constantFrom("RUNNING", "SUBMITTED"),
        (record, state) => {
          const decision = decideClaim(record, request(2, state));
          const begins = record === undefined || (record.epoch < 2 && !hasResult(record));
          const from = begins ? "NEW" : record.state;
          if (decision.kind === "claim") expect(stepTransitions[from]).toContain(decision.record.state);
          else expect(decision.kind === "ended").toBe(!begins && hasEnded(record));
          if (begins) expect(decision.kind).toBe("claim");
        },
      ),
    );
  });

  it("remove the previous state's fields: no lease, job or error remains", () => {
    const after = succeeded(retrying(held, failure, now), { value: 1 }, now);
    expect(Object.keys(after).sort()).toEqual(
      [
        "attempt",
        "endedAt",
        "epoch",
        "failures",
        "index",
        "output",
        "runId",
        "startedAt",
        "state",
        "step",
      ].sort(),
    );
    expect(isHeld(submitted(held, []))).toBe(false);
  });
});
