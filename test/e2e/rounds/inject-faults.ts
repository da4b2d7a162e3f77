import { setTimeout as delay } from "node:timers/promises";
import { behave, misbehave } from "../../../local/batch/misbehave.ts";
import { commandLineOf, groupMembers } from "../../../local/process/alive.mjs";
import { readRecord } from "../../../local/stack/record.ts";
import type { Random } from "../../simulation/random.ts";
import type { DeployedService } from "../deployed-service.ts";

/** Max. number of workers that are killed in a round. A step that loses five of them fails, and rightly so. */
const maxKilled = 4;

/** Pids of the processes that run the deployed functions. */
export function workersOf({ stack }: DeployedService): number[] {
  const ministack = readRecord(stack.stateDir)?.pids?.ministack ?? 0;
  return groupMembers(ministack).filter(
    (pid) => pid !== ministack && /\bnode\b/.test(commandLineOf(pid) ?? ""),
  );
}

function kill(pid: number): boolean {
  try {
    process.kill(pid, "SIGKILL");
    return true;
  } catch {
    return false;
  }
}

/** Makes the local Batch do everything wrong that AWS Batch sometimes does. */
async function misbehaveAtRandom({ stack }: DeployedService, random: Random): Promise<void> {
  const seed = () => random.between(1, 1_000_000);
  await misbehave(stack.batchEndpoint, [
    { kind: "duplicate-event", probability: 0.4, seed: seed() },
    { kind: "delay-event", probability: 0.3, seed: seed(), delayMs: random.between(200, 2000) },
    { kind: "reorder-events", probability: 0.2, seed: seed() },
    { kind: "drop-event", probability: 0.15, seed: seed() },
    { kind: "throttle", operation: "SubmitJob", probability: 0.3, seed: seed(), times: 4 },
    { kind: "lose-submit-response", loss: "cut-connection", probability: 0.3, seed: seed(), times: 2 },
    { kind: "lose-submit-response", loss: "server-error", probability: 0.3, seed: seed(), times: 2 },
    { kind: "spot-interruption", probability: 0.2, seed: seed(), times: 3, delayMs: random.between(0, 700) },
  ]);
}

/** What was done to the stack. */
export type FaultCounts = { killed: number; crashed: number };

/**
 * Makes trouble for some time: kills workers, kills and restarts the servers once in the middle, and makes Batch
 * misbehave. All of it is over when this returns.
 */
export async function injectFaults(
  service: DeployedService,
  random: Random,
  milliseconds: number,
): Promise<FaultCounts> {
  const { stack } = service;
  const trouble: FaultCounts = { killed: 0, crashed: 0 };
  const end = Date.now() + milliseconds;
  const crashAt = Date.now() + milliseconds * (0.3 + 0.4 * random.next());
  await misbehaveAtRandom(service, random);
  while (Date.now() < end) {
    await delay(random.between(300, 3000));
    if (trouble.crashed === 0 && Date.now() > crashAt) {
      trouble.crashed += 1;
      await stack.kill();
      await stack.restart();
    }
    const workers = workersOf(service);
    if (workers.length > 0 && trouble.killed < maxKilled && kill(random.pick(workers))) trouble.killed += 1;
  }
  await behave(stack.batchEndpoint);
  return trouble;
}
