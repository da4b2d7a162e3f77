import type { Run, RunState } from "../../../shared/state/run.ts";
import { type DeployedService, eventually } from "../deployed-service.ts";

/** One test on the deployed service. All scenarios run at the same time, so they share no run and no limit. */
export type Scenario = { readonly name: string; live(service: DeployedService): Promise<void> };

/**
 * Starts a run.
 *
 * @param key distinguishes runs of one pipeline
 */
export async function started(
  service: DeployedService,
  pipeline: string,
  key: string,
  request: { params?: object; priority?: number; refresh?: boolean; scheduledAt?: string } = {},
): Promise<string> {
  const { runId } = await service.start({ pipeline, key, ...request });
  return runId;
}

/** Waits until a run is in a state. */
export function inState(service: DeployedService, runId: string, state: RunState): Promise<Run> {
  return eventually(`run ${runId} to be ${state}`, async () => {
    const run = await service.store.getRun(runId);
    return run?.state === state ? run : undefined;
  });
}

/** Waits until a step asks for an answer. */
export async function asked(service: DeployedService, runId: string, step = "ask"): Promise<void> {
  await eventually(`step ${step} of ${runId} to ask`, async () => {
    const record = await service.store.getStep({ runId, step, index: 0 });
    return record?.state === "PAUSED" ? record : undefined;
  });
}

/** Approves a step as soon as it asks. */
export async function approve(service: DeployedService, runId: string, step = "ask"): Promise<void> {
  await asked(service, runId, step);
  await service.manage({ action: "approve", runId, step, by: "ada" });
}

/** The run that a child step of a run started, as soon as there is one. */
export function childOf(service: DeployedService, runId: string, step: string): Promise<Run> {
  return eventually(`the child of ${step}`, async () => {
    const record = await service.store.getStep({ runId, step, index: 0 });
    return record?.child && (await service.store.getRun(record.child.runId));
  });
}

/** States of a run's steps as people see them. */
export async function statesOf(service: DeployedService, runId: string): Promise<Record<string, string>> {
  const { steps } = await service.view(runId);
  return Object.fromEntries(steps.map(({ name, state }) => [name, state]));
}
