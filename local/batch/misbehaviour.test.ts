import { Misbehaviour, misbehaviourSchema } from "./misbehaviour.ts";

function misbehaviour(...rules: unknown[]): Misbehaviour {
  const made = new Misbehaviour(undefined, () => undefined);
  made.add(rules.map((rule) => misbehaviourSchema.parse(rule)));
  return made;
}

function pattern(of: Misbehaviour, draws: number): string {
  return Array.from({ length: draws }, () => (of.strikes("drop-event", {}) === undefined ? "." : "x")).join(
    "",
  );
}

describe("misbehaviour on request", () => {
  it("no fault occurs without a rule", () => {
    expect(misbehaviour({ kind: "drop-event" }).strikes("throttle", {})).toBeUndefined();
  });

  it("a rule stops after its number of hits", () => {
    expect(pattern(misbehaviour({ kind: "drop-event", times: 2 }), 4)).toBe("xx..");
  });

  it("a job name matches exactly, or by a prefix before an asterisk", () => {
    const rules = misbehaviour(
      { kind: "throttle", jobName: "train-*" },
      { kind: "drop-event", jobName: "train" },
    );
    expect(rules.strikes("throttle", { jobName: "train-1" })).toBeDefined();
    expect(rules.strikes("throttle", { jobName: "score-1" })).toBeUndefined();
    expect(rules.strikes("drop-event", { jobName: "train-1" })).toBeUndefined();
  });

  it("status, attempt and operation narrow a rule", () => {
    const rules = misbehaviour({ kind: "drop-event", status: "FAILED", attempt: 2 });
    expect(rules.strikes("drop-event", { status: "FAILED", attempt: 1 })).toBeUndefined();
    expect(rules.strikes("drop-event", { status: "RUNNING", attempt: 2 })).toBeUndefined();
    expect(rules.strikes("drop-event", { status: "FAILED", attempt: 2 })).toBeDefined();
  });

  it("the same seed repeats the same faults; another doesn't", () => {
    const chance = (seed: number) =>
      pattern(misbehaviour({ kind: "drop-event", probability: 0.5, seed }), 64);
    expect(chance(7)).toBe(chance(7));
    expect(chance(7)).not.toBe(chance(8));
    expect(chance(7).split("x").length - 1).toBeGreaterThan(20);
    expect(chance(7).split("x").length - 1).toBeLessThan(44);
  });

  it("rules and their counts outlive a restart", () => {
    let saved: unknown;
    const first = new Misbehaviour(undefined, (rules) => {
      saved = JSON.parse(JSON.stringify(rules));
    });
    first.add([misbehaviourSchema.parse({ kind: "drop-event", times: 2 })]);
    first.strikes("drop-event", {});
    expect(pattern(new Misbehaviour(saved, () => undefined), 3)).toBe("x..");
  });
});
