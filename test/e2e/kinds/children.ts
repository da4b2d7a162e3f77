import { eventually, processesOf } from "../deployed-service.ts";
import { childOf, inState, type Scenario, started } from "./scenario.ts";

/** Child runs: what they return, how they fail, and what happens to them if their parent stops. */
export const childScenarios: readonly Scenario[] = [
  {
    name: "a grandchild's result reaches its parents",
    async live(service) {
      const runId = await started(service, "family", "result", { params: { value: 21 } });
      expect(await service.finished(runId)).toMatchObject({ state: "SUCCEEDED" });
      expect(await service.output(runId, "twice")).toBe(42);
      const middle = await childOf(service, runId, "middle");
      expect(middle).toMatchObject({ state: "SUCCEEDED", cause: { kind: "step", runId, step: "middle" } });
    },
  },
  {
    name: "a grandchild's failure fails its parents with its reason, and a retry reopens the same runs",
    async live(service) {
      const runId = await started(service, "family", "mended", { params: { value: 4, succeedsInEpoch: 2 } });
      const failed = await service.finished(runId);
      expect(failed).toMatchObject({ state: "FAILED", error: { step: "middle", name: "ChildFailed" } });
      expect(failed.error?.message).toContain("broken until epoch 2");
      const middle = await childOf(service, runId, "middle");
      const leaf = await childOf(service, middle.runId, "leaf");
      await service.manage({ action: "retry", runId });
      expect(await service.finished(runId)).toMatchObject({ state: "SUCCEEDED", epoch: 2 });
      expect(await service.output(runId, "twice")).toBe(8);
      for (const { runId: child } of [middle, leaf]) {
        expect(await service.store.getRun(child)).toMatchObject({ state: "SUCCEEDED", epoch: 2 });
      }
      expect((await childOf(service, runId, "middle")).runId).toBe(middle.runId);
    },
  },
  {
    name: "a cancel reaches a grandchild and terminates its job's process",
    async live(service) {
      const runId = await started(service, "family", "cancel", { params: { seconds: 600 } });
      const middle = await childOf(service, runId, "middle");
      const leaf = await childOf(service, middle.runId, "leaf");
      await eventually("the job's process", async () => processesOf(leaf.runId)[0]);
      await service.manage({ action: "cancel", runId });
      await Promise.all([runId, middle.runId, leaf.runId].map((each) => inState(service, each, "CANCELLED")));
      expect(processesOf(leaf.runId)).toEqual([]);
      const records = await service.steps(leaf.runId);
      expect(records.map(({ state }) => state)).toEqual(["CANCELLED"]);
    },
  },
  {
    name: "a child's result of more than 4 KB reaches its parent",
    async live(service) {
      const runId = await started(service, "large-child", "");
      expect(await service.finished(runId)).toMatchObject({ state: "SUCCEEDED" });
      expect(await service.output(runId, "count")).toBe(2000);
    },
  },
];
