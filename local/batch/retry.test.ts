import type { RetryStrategy } from "./job.ts";
import { type Outcome, retries } from "./retry.ts";

const defaultStrategy: RetryStrategy = {
  attempts: 3,
  evaluateOnExit: [
    { action: "RETRY", onStatusReason: "Host EC2*" },
    { action: "RETRY", onReason: "CannotPullContainer*" },
    { action: "EXIT", onReason: "*" },
  ],
};
const exited: Outcome = { statusReason: "Essential container in task exited", exitCode: 1 };
const spot: Outcome = { statusReason: "Host EC2 (instance i-1) terminated." };
const attempts = (n: number) => Array.from({ length: n }, () => ({ container: {} }));

describe("evaluateOnExit", () => {
  it.each<[string, RetryStrategy, Outcome, boolean]>([
    ["a Spot interruption matches by the words before the asterisk", defaultStrategy, spot, true],
    ["an exit code that no rule retries falls to the last rule", defaultStrategy, exited, false],
    ["a reason is matched", defaultStrategy, { ...exited, reason: "CannotPullContainerError: x" }, true],
    [
      "an exit that no rule matches is retried",
      { attempts: 3, evaluateOnExit: [{ action: "EXIT", onExitCode: "2" }] },
      exited,
      true,
    ],
    ["every exit is retried if there are no rules", { attempts: 3, evaluateOnExit: [] }, exited, true],
    [
      "the first matching rule applies",
      {
        attempts: 3,
        evaluateOnExit: [
          { action: "EXIT", onExitCode: "1" },
          { action: "RETRY", onExitCode: "1" },
        ],
      },
      exited,
      false,
    ],
    [
      "all conditions of a rule must hold",
      { attempts: 3, evaluateOnExit: [{ action: "EXIT", onExitCode: "1", onReason: "OutOfMemory*" }] },
      exited,
      true,
    ],
    [
      "a pattern without an asterisk must match the whole text",
      { attempts: 3, evaluateOnExit: [{ action: "EXIT", onExitCode: "1" }] },
      { ...exited, exitCode: 13 },
      true,
    ],
  ])("%s", (_, strategy, outcome, expected) => {
    expect(retries(strategy, attempts(1), outcome)).toBe(expected);
  });

  it("no attempt is left after the last", () => {
    expect(retries(defaultStrategy, attempts(2), spot)).toBe(true);
    expect(retries(defaultStrategy, attempts(3), spot)).toBe(false);
  });
});
