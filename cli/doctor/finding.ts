import type { Environment } from "../../shared/platform/env.ts";
import { explained } from "../errors.ts";
import type { ClientConfig, Target } from "../readers/target.ts";

/** What one check found: whether it's ok, what that means, and what to do if it isn't. */
export type Finding = {
  readonly check: string;
  readonly status: "ok" | "warn" | "fail";
  readonly says: string;
  readonly remedy?: string;
};

/** What the checks of a deployed stage look at. */
export type Stage = {
  readonly target: Target;
  /** How to reach AWS Batch. The local stack's Batch is a separate server. */
  readonly batch: ClientConfig;
  /** What the step worker was deployed with. */
  readonly environment: Environment;
};

export const ok = (check: string, says: string): Finding => ({ check, status: "ok", says });
export const warn = (check: string, says: string, remedy: string): Finding => ({
  ...{ check, status: "warn", says, remedy },
});
export const fail = (check: string, says: string, remedy: string): Finding => ({
  ...{ check, status: "fail", says, remedy },
});

const refusals: readonly string[] = [
  ...["AccessDenied", "AccessDeniedException", "AuthorizationErrorException", "AuthorizationError"],
  ...["UnauthorizedOperation", "Forbidden", "403"],
];

/** The finding of a check that couldn't look: what was refused, or what went wrong. */
export function findingOf(check: string, error: unknown, stage: string): Finding {
  if (!(error instanceof Error) || !refusals.includes(error.name)) {
    const { message, remedy } = explained(error, stage);
    return fail(check, message, remedy);
  }
  const [, action] = /not authorized to perform:? (\S+)/.exec(error.message) ?? [];
  return warn(
    check,
    `not looked at: these credentials may not ${action ?? "do what it takes"}`,
    `allow ${action ?? "that"}, or look with other credentials`,
  );
}

/** Runs checks side by side. A check that throws becomes a finding like any other. */
export async function findings(
  stage: string,
  checks: Readonly<Record<string, () => Promise<readonly Finding[]>>>,
): Promise<Finding[]> {
  const found = await Promise.all(
    Object.entries(checks).map(([name, look]) =>
      look().catch((error: unknown) => [findingOf(name, error, stage)]),
    ),
  );
  return found.flat();
}
