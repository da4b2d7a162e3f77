import type { MisbehaviourRequest } from "./misbehaviour.ts";

/** A rule in force, with how often it struck. */
export type MisbehaviourInForce = MisbehaviourRequest & { hits: number };

async function call(batchEndpoint: string, method: string, body?: unknown): Promise<MisbehaviourInForce[]> {
  const response = await fetch(new URL("/_local/misbehave", batchEndpoint), {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = (await response.json()) as { rules: MisbehaviourInForce[]; message?: string };
  if (!response.ok) throw new Error(answer.message ?? `status ${response.status}`);
  return answer.rules;
}

/**
 * Tells a local Batch server to misbehave, in addition to what it was told before. Returns all rules in force.
 * @throws when a rule is not understood, naming its field
 */
export function misbehave(
  batchEndpoint: string,
  rules: MisbehaviourRequest[],
): Promise<MisbehaviourInForce[]> {
  return call(batchEndpoint, "POST", { rules });
}

/** The rules in force and how often each struck. */
export function misbehaviours(batchEndpoint: string): Promise<MisbehaviourInForce[]> {
  return call(batchEndpoint, "GET");
}

/** Makes a local Batch server behave again. Jobs that a rule keeps in RUNNABLE go on. */
export async function behave(batchEndpoint: string): Promise<void> {
  await call(batchEndpoint, "DELETE");
}
