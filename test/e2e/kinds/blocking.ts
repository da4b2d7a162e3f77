import { lossesTo, type StepRecord } from "../../../shared/state/step-record.ts";
import type { DeployedService } from "../deployed-service.ts";
import { type Scenario, started } from "./scenario.ts";

/** Runs a pipeline to its end, and returns its run and its records. */
async function ended(service: DeployedService, pipeline: string) {
  const runId = await started(service, pipeline, "blocks");
  const run = await service.finished(runId);
  const records = (await service.store.listSteps(runId)) as readonly StepRecord[];
  return { run, records };
}

/** Their functions block workers, so they run after all others. */
export const blockingScenarios: readonly Scenario[] = [
  {
    name: "a function that blocks its worker, and would return too late, has timed out",
    async live(service) {
      const { run, records } = await ended(service, "busy");
      expect(run).toMatchObject({ state: "FAILED", error: { step: "compute", name: "TimeoutError" } });
      expect(records).toMatchObject([
        { state: "TIMED_OUT", attempt: 1, error: { message: expect.stringContaining("blocked its worker") } },
      ]);
    },
  },
  {
    name: "a function that blocks its worker for ever has timed out, and all those beside it succeed without a lost attempt",
    async live(service) {
      const { run, records } = await ended(service, "endless");
      expect(run).toMatchObject({ state: "FAILED", error: { step: "each[0]", name: "TimeoutError" } });
      const children = records.filter(({ index }) => index !== "map");
      expect(children.map(({ state, attempt }) => `${state} ${attempt}`)).toEqual([
        "TIMED_OUT 1",
        ...Array<string>(5).fill("SUCCEEDED 1"),
      ]);
      expect(children[0]).toMatchObject({ error: { message: expect.stringContaining("each[0] blocked") } });
      expect(children.map((each) => lossesTo(each, "worker"))).toEqual([0, 0, 0, 0, 0, 0]);
    },
  },
];
