import { execa } from "execa";
import { serverlessSpeed } from "../../../local/stack/serverless-speed.ts";
import { approve, asked, inState, type Scenario, started, statesOf } from "./scenario.ts";

const time = (text: string | undefined) => Date.parse(text ?? "");

/**
 * Waits for two objects: one is there already, and one comes later. It runs before the first sweep, so only the event
 * can wake it.
 */
export const arrivalScenario: Scenario = {
  name: "a wait for an object ends when the object lands, or at once if it exists",
  async live(service) {
    await service.drop("raw/kinds/there", "12345");
    const runId = await started(service, "arrival", "", { params: { first: "there", second: "late é" } });
    await inState(service, runId, "RUNNING");
    const { store } = service;
    for (;;) {
      const record = await store.getStep({ runId, step: "second", index: 0 });
      if (record !== undefined && "holder" in record && record.holder === "object") break;
    }
    const dropped = Date.now();
    await service.drop("raw/kinds/late é", "123");
    const run = await service.finished(runId);
    expect(run.state).toBe("SUCCEEDED");
    expect("endedAt" in run && time(run.endedAt) - dropped).toBeLessThan(10_000);
    expect(await service.output(runId, "after")).toMatchObject({
      first: { uri: `s3://${service.bucket}/raw/kinds/there`, bytes: 5 },
      second: { uri: `s3://${service.bucket}/raw/kinds/late é`, bytes: 3, versionId: expect.any(String) },
    });
  },
};

/** Steps that wait for the clock, for people, and for things that never come. */
export const waitingScenarios: readonly Scenario[] = [
  {
    name: "a wait takes its time, and none if its time is in the past",
    async live(service) {
      const past = "2020-02-29T12:00:00Z";
      const runId = await started(service, "waits", "", { params: { seconds: 2, past } });
      expect(await service.finished(runId)).toMatchObject({ state: "SUCCEEDED" });
      const steps = Object.fromEntries((await service.view(runId)).steps.map((step) => [step.name, step]));
      expect(steps.later?.milliseconds).toBeGreaterThanOrEqual(2000);
      expect(time(steps.after?.startedAt) - time(steps.later?.startedAt)).toBeGreaterThanOrEqual(2000);
      expect(await service.output(runId, "after")).toMatchObject({ past: "2020-02-29T12:00:00.000Z" });
      expect(steps.each?.children).toMatchObject({ total: 3, counts: { SUCCEEDED: 3 } });
    },
  },
  {
    name: "waits for an object and for an approval time out",
    async live(service) {
      const runId = await started(service, "absence", "");
      expect(await service.finished(runId)).toMatchObject({ state: "FAILED" });
      expect(await statesOf(service, runId)).toEqual({ object: "TIMED_OUT", answer: "TIMED_OUT" });
    },
  },
  {
    name: "an approval by `sls invoke` continues the run; without an answer, the default applies",
    async live(service) {
      const runId = await started(service, "sign-off", "yes");
      await asked(service, runId);
      expect((await service.view(runId)).steps[0]).toMatchObject({
        state: "PAUSED",
        message: "Release it?",
      });
      const answer = JSON.stringify({ action: "approve", runId, step: "ask", by: "ada", comment: "fine" });
      await execa({
        preferLocal: true,
        env: { ...service.stack.env, ...serverlessSpeed },
      })`sls invoke -f manage -s local --data ${answer}`;
      expect(await service.finished(runId)).toMatchObject({ state: "SUCCEEDED" });
      expect(await service.output(runId, "after")).toEqual(["ada", "default"]);
      expect(await service.output(runId, "ask")).toMatchObject({ by: "ada", comment: "fine" });
    },
  },
  {
    name: "a rejection fails the run with its author and reason, and a second answer is refused",
    async live(service) {
      const runId = await started(service, "sign-off", "no");
      await asked(service, runId);
      const answer = { action: "approve", runId, step: "ask", by: "grace" };
      await service.manage({ ...answer, approved: false, comment: "not on a Friday" });
      const run = await service.finished(runId);
      expect(run).toMatchObject({ state: "FAILED", error: { step: "ask", name: "Rejected" } });
      expect(run.error?.message).toMatch(/^grace said no .*not on a Friday$/);
      await expect(service.manage(answer)).rejects.toThrow("does not wait for an answer");
    },
  },
  {
    name: "a paused run lets active steps end and starts nothing until it is resumed",
    async live(service) {
      const runId = await started(service, "sign-off", "pause");
      await asked(service, runId);
      expect(await service.manage({ action: "pause", runId })).toMatchObject({ state: "PAUSED" });
      await approve(service, runId);
      await service.invoke("tick", {});
      expect(await statesOf(service, runId)).toMatchObject({ ask: "SUCCEEDED", after: "PAUSED" });
      expect(await service.store.getRun(runId)).toMatchObject({ state: "PAUSED" });
      expect(await service.manage({ action: "resume", runId })).toMatchObject({ runId });
      expect(await service.finished(runId)).toMatchObject({ state: "SUCCEEDED", epoch: 1 });
    },
  },
  {
    name: "a scheduled run begins at its time",
    async live(service) {
      const at = new Date(Date.now() + 15_000).toISOString();
      const runId = await started(service, "sign-off", "scheduled", { scheduledAt: at });
      const run = await inState(service, runId, "RUNNING");
      // A time within the clock skew counts as now, so a start that was delayed this long begins at once.
      expect(time(run.activeSince)).toBeGreaterThanOrEqual(time(at) - 5000);
      await approve(service, runId);
      expect(await service.finished(runId)).toMatchObject({ state: "SUCCEEDED" });
    },
  },
  {
    name: "a run that is scheduled for later waits, and can be cancelled",
    async live(service) {
      const at = new Date(Date.now() + 3_600_000).toISOString();
      const runId = await started(service, "sign-off", "far off", { scheduledAt: at });
      expect(await service.store.getRun(runId)).toMatchObject({ state: "SCHEDULED" });
      await service.manage({ action: "cancel", runId });
      expect(await service.finished(runId)).toMatchObject({ state: "CANCELLED" });
      expect(await service.store.listSteps(runId)).toEqual([]);
    },
  },
];
