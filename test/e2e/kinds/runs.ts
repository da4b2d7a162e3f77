import type { Run, RunState } from "../../../shared/state/run.ts";
import { type DeployedService, eventually, processesOf } from "../deployed-service.ts";
import { approve, asked, inState, type Scenario, started } from "./scenario.ts";

/** Expects a note of a run's end, which its hook writes. */
async function expectNote(service: DeployedService, run: Run, state: RunState): Promise<void> {
  const key = await eventually(`the note of ${run.runId}`, async () =>
    (await service.listing(run)).find((each) => each.endsWith("ended.json")),
  );
  const text = await service.read(`s3://${service.bucket}/runs/${run.pipeline}/${run.runId}/${key}`);
  expect(JSON.parse(text)).toMatchObject({ id: run.runId, pipeline: run.pipeline, state });
}

/** Expects that a run's hooks wrote only one note altogether. */
async function expectOneNote(service: DeployedService, run: Run): Promise<void> {
  // If the end is reported a second time, the hook's record has already ended.
  await service.invoke("tick", {});
  const notes = (await service.listing(run)).filter((key) => key.endsWith("ended.json"));
  expect(notes).toEqual([expect.stringMatching(/^@[a-z_]+\/1\/1\.1\/ended\.json$/)]);
}

async function statesOfRuns(service: DeployedService, runIds: readonly string[]): Promise<RunState[]> {
  const runs = await Promise.all(runIds.map((runId) => service.store.getRun(runId)));
  return runs.flatMap((run) => run?.state ?? []);
}

/** Approves runs that hold slots one after the other, as they get them. */
async function approveAll(service: DeployedService, runIds: readonly string[]): Promise<void> {
  await Promise.all(runIds.map((runId) => approve(service, runId)));
  for (const runId of runIds) expect(await service.finished(runId)).toMatchObject({ state: "SUCCEEDED" });
}

/** Runs as a whole: their hooks, their time, their slots. */
export const runScenarios: readonly Scenario[] = [
  {
    name: "one hook follows a success, a failure and a cancel",
    async live(service) {
      const runs: [key: string, params: object, state: RunState][] = [
        ["success", {}, "SUCCEEDED"],
        ["failure", { succeedsInEpoch: 9 }, "FAILED"],
        ["cancel", { seconds: 600 }, "CANCELLED"],
      ];
      await Promise.all(
        runs.map(async ([key, params, state]) => {
          const runId = await started(service, "hooked", key, { params });
          if (key === "cancel") {
            await eventually("the job's process", async () => processesOf(runId)[0]);
            await service.manage({ action: "cancel", runId });
          }
          const run = await service.finished(runId);
          expect(run.state).toBe(state);
          await expectNote(service, run, state);
          await expectOneNote(service, run);
        }),
      );
    },
  },
  {
    name: "a run that takes too long ends as TIMED_OUT, its job's process is terminated, and its hook runs",
    async live(service) {
      const runId = await started(service, "limited", "");
      await eventually("the job's process", async () => processesOf(runId)[0]);
      const run = await inState(service, runId, "TIMED_OUT");
      expect("reason" in run && run.reason).toContain("longer than the 10 s");
      expect(processesOf(runId)).toEqual([]);
      await expectNote(service, run, "TIMED_OUT");
      await expectOneNote(service, run);
    },
  },
  {
    name: "runs beyond maxActiveRuns wait, and an operator's higher limit starts more of them",
    async live(service) {
      const runIds: string[] = [];
      for (const key of ["1", "2", "3", "4"]) runIds.push(await started(service, "single", key));
      const [first = "", second = "", third = "", fourth = ""] = runIds;
      expect(await statesOfRuns(service, runIds)).toEqual(["RUNNING", "QUEUED", "QUEUED", "QUEUED"]);
      await approve(service, first);
      await inState(service, second, "RUNNING");
      expect(await statesOfRuns(service, [third, fourth])).toEqual(["QUEUED", "QUEUED"]);
      const limit = "pipeline/single";
      expect(await service.manage({ action: "limit", limit, slots: 2 })).toEqual({
        ...{ limit, slots: 2, held: 2 },
      });
      expect(await statesOfRuns(service, [second, third, fourth])).toEqual(["RUNNING", "RUNNING", "QUEUED"]);
      await approveAll(service, [second, third, fourth]);
      expect((await service.store.getSlots(limit)).holders.size).toBe(0);
    },
  },
  {
    name: "a run without a free slot is cancelled if its pipeline's runs don't wait",
    async live(service) {
      const first = await started(service, "exclusive", "first");
      await asked(service, first);
      const second = await service.finished(await started(service, "exclusive", "second"));
      expect(second).toMatchObject({ state: "CANCELLED", reason: expect.stringContaining("no slot left") });
      await approveAll(service, [first]);
      await approveAll(service, [await started(service, "exclusive", "third")]);
    },
  },
  {
    name: "a work queue starts runs by their priority",
    async live(service) {
      const blocker = await started(service, "queued", "blocker");
      const late = await started(service, "queued", "late", { priority: 90 });
      const middle = await started(service, "queued", "middle");
      const soon = await started(service, "queued", "soon", { priority: 10 });
      expect(await statesOfRuns(service, [blocker, late, middle, soon])).toEqual([
        ...["RUNNING", "QUEUED", "QUEUED", "QUEUED"],
      ]);
      for (const [ends, begins] of [
        [blocker, soon],
        [soon, middle],
        [middle, late],
      ] as const) {
        await approve(service, ends);
        await inState(service, begins, "RUNNING");
      }
      await approveAll(service, [late]);
      expect((await service.store.getSlots("queue/gate")).holders.size).toBe(0);
    },
  },
];
