import type { MisbehaviourRequest } from "./misbehaviour.ts";

/** An active rule, with how often it applied. */
export type ActiveMisbehaviour = MisbehaviourRequest & { hits: number };

async function call(batchEndpoint: string, method: string, body?: unknown): Promise<ActiveMisbehaviour[]> {
  const response = await fetch(new URL("/_local/misbehave", batchEndpoint), {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as { rules: ActiveMisbehaviour[]; message?: string };
  if (!response.ok) throw new Error(answer.message ?? `status ${response.status}`);
  return answer.rules;
}

/**
 * Makes a local Batch server misbehave, in addition to earlier rules. Returns all active rules.
 * @throws if a rule is invalid, naming its field
 */
export function misbehave(
  batchEndpoint: string,
  rules: MisbehaviourRequest[],
): Promise<ActiveMisbehaviour[]> {
  return call(batchEndpoint, "POST", { rules });
}

/** The active rules and how often each applied. */
export function misbehaviours(batchEndpoint: string): Promise<ActiveMisbehaviour[]> {
  return call(batchEndpoint, "GET");
}

/** Makes a local Batch server behave again. Jobs that a rule keeps in RUNNABLE go on. */
export async function behave(batchEndpoint: string): Promise<void> {
  await call(batchEndpoint, "DELETE");
}
