import type { Attempt, EvaluateOnExit, RetryStrategy } from "./job.ts";

/** The part of an ended attempt that the evaluateOnExit rules see. */
export type Outcome = { statusReason: string; reason?: string; exitCode?: number };

function matches(pattern: string | undefined, value: string): boolean {
  if (pattern === undefined) return true;
  return pattern.endsWith("*") ? value.startsWith(pattern.slice(0, -1)) : value === pattern;
}

function ruleMatches(rule: EvaluateOnExit, outcome: Outcome): boolean {
  return (
    matches(rule.onStatusReason, outcome.statusReason) &&
    matches(rule.onReason, outcome.reason ?? "") &&
    matches(rule.onExitCode, outcome.exitCode === undefined ? "" : String(outcome.exitCode))
  );
}

/**
 * Whether Batch starts another attempt after a failed one: attempts are left, and the first matching rule says RETRY or
 * no rule matches. A pattern may end with `*`; an absent value counts as empty.
 * Source: "Automated job retries" in the AWS Batch user guide.
 */
export function retries(strategy: RetryStrategy, attempts: Attempt[], outcome: Outcome): boolean {
  if (attempts.length >= strategy.attempts) return false;
  const rule = strategy.evaluateOnExit.find((r) => ruleMatches(r, outcome));
  return rule === undefined || rule.action === "RETRY";
}
