import { setTimeout as delay } from "node:timers/promises";
import { isEnded, type Run } from "../../../shared/state/run.ts";
import type { Random } from "../../simulation/random.ts";
import { type DeployedService, eventually } from "../deployed-service.ts";

/** If a run hasn't ended after this many seconds, it never will. */
const patience = 180;

/** What an operator does with a run. */
export type OperatorAction = "watches" | "cancels" | "pauses" | "retries";

export function actionOf(random: Random): OperatorAction {
  return random.pick(["watches", "watches", "cancels", "pauses", "retries"] as const);
}

/** Whether nobody answered, because the stack is down or the worker was killed. Anything else is an answer. */
export function isUnanswered(error: unknown): boolean {
  return error instanceof TypeError || (error instanceof Error && error.name === "RuntimeError");
}

/** Asks until there is an answer. A refusal because of the run's state is an answer too. */
async function insist(service: DeployedService, request: object, until: number): Promise<void> {
  while (Date.now() < until) {
    try {
      await service.manage(request);
      return;
    } catch (error) {
      if (!isUnanswered(error)) return;
      await delay(200);
    }
  }
}

/** Interferes with a run for some time. If it's left cancelled, paused or failed, {@link settle} continues. */
export async function interfere(
  service: DeployedService,
  runId: string,
  operatorAction: OperatorAction,
  random: Random,
  until: number,
): Promise<void> {
  const soon = () => delay(Math.min(random.between(500, 8000), Math.max(0, until - Date.now())));
  if (operatorAction === "watches") return;
  await soon();
  if (operatorAction === "retries") return insist(service, { action: "retry", runId }, until);
  await insist(service, { action: operatorAction === "cancels" ? "cancel" : "pause", runId }, until);
  await soon();
  // This may come while the cancel is still under way. Then it's refused, and asked for again later.
  await insist(service, { action: operatorAction === "cancels" ? "retry" : "resume", runId }, until);
}

/** Approves a run that asks. */
async function answer(service: DeployedService, runId: string): Promise<void> {
  const record = await service.store.getStep({ runId, step: "ask", index: 0 });
  if (record?.state !== "PAUSED") return;
  await insist(service, { action: "approve", runId, step: "ask", by: "ada" }, Date.now() + 1000);
}

/** Drops what a run waits for, at a random time. */
export async function deliver(
  service: DeployedService,
  key: string,
  random: Random,
  until: number,
): Promise<void> {
  await delay(random.between(0, Math.max(0, until - Date.now())));
  await eventually(`${key} to be stored`, () => service.drop(key, "x").catch(() => undefined));
}

/**
 * Lets a run come to its own end: resumes it if it's paused, approves what asks, retries it if it was cancelled, and
 * retries a failed run once if the operator's action is to retry.
 */
export async function settle(
  service: DeployedService,
  runId: string,
  operatorAction: OperatorAction,
): Promise<Run> {
  let retried = operatorAction !== "retries";
  for (;;) {
    const run = await service.store.getRun(runId);
    const again = run?.state === "CANCELLED" || (run?.state === "FAILED" && !retried);
    const soon = Date.now() + 5000;
    if (run?.state === "PAUSED") await insist(service, { action: "resume", runId }, soon);
    if (run !== undefined && isEnded(run) && !again) return run;
    if (again) {
      retried ||= run?.state === "FAILED";
      await insist(service, { action: "retry", runId }, soon);
    }
    await eventually(
      `the end of run ${runId}`,
      async () => {
        await answer(service, runId);
        const now = await service.store.getRun(runId);
        return now !== undefined && (now.state === "PAUSED" || isEnded(now)) ? now : undefined;
      },
      patience,
    );
  }
}
