import { pauseRun } from "../../shared/operate/pause-run.ts";
import { retryRun } from "../../shared/operate/retry-run.ts";
import { batch, lambda, wait } from "../../shared/pipeline/index.ts";
import { begin, pass, runOf, statesOf, stepOf, work } from "./driving.ts";
import { endJobs, engineFor, kinds, train } from "./step-kinds.ts";

describe("a run that takes longer than its pipeline allows", () => {
  const timeout = 600;

  it.each(kinds.filter(([_kind, _build, endsAtOnce]) => !endsAtOnce))(
    "ends as TIMED_OUT with everything that works for it: %s",
    async (_kind, build) => {
      const memory = engineFor(
        (builder) => {
          builder.step("slow", wait({ seconds: 5000 }));
          build(builder);
        },
        { timeout: 150 },
      );
      const runId = await begin(memory, "subject");
      await pass(memory, 145);
      expect((await runOf(memory, runId)).state).toBe("RUNNING");
      await pass(memory, 45);
      expect(await runOf(memory, runId)).toMatchObject({
        state: "TIMED_OUT",
        reason: expect.stringContaining("150 s"),
      });
      expect(memory.batch.waiting()).toEqual([]);
      const { runs } = await memory.store.listRuns({ pipeline: "inner" }, 10);
      expect(runs.filter(({ state }) => state !== "CANCELLED")).toEqual([]);
      for (const record of await memory.store.listSteps(runId)) expect(record).toHaveProperty("endedAt");
    },
  );

  it("is ended even if it is paused, but time before its begin doesn't count", async () => {
    const memory = engineFor(({ step }) => void step("slow", wait({ seconds: 400 })), {
      timeout,
      maxActiveRuns: 1,
    });
    const ids = [await begin(memory, "subject"), await begin(memory, "subject")];
    await work(memory);
    await pauseRun(memory.engine, ids[0] ?? "");
    await pass(memory, timeout + 200);
    expect(await statesOf(memory, ids)).toEqual(["TIMED_OUT", "RUNNING"]);
    await pass(memory, 400);
    expect(await statesOf(memory, ids)).toEqual(["TIMED_OUT", "SUCCEEDED"]);
  });

  it("has the full time again for the remaining work when it is retried", async () => {
    const slow = { seconds: 5000 };
    const memory = engineFor(
      ({ step }) => {
        const first = step(
          "first",
          lambda({}, () => 1),
        );
        const made = step(
          "made",
          lambda({ first }, () => slow.seconds),
        );
        step("slow", wait({ seconds: made }));
        step("job", batch(train, { n: 1 }), { after: [first] });
      },
      { timeout },
    );
    const runId = await begin(memory, "subject");
    await pass(memory, timeout + 200);
    expect((await runOf(memory, runId)).state).toBe("TIMED_OUT");
    await pass(memory, 4000);
    const reopened = await retryRun(memory.engine, runId);
    expect(reopened).toMatchObject({ state: "RUNNING", epoch: 2 });
    expect(reopened).not.toHaveProperty("reason");
    await work(memory);
    await endJobs(memory);
    await pass(memory, timeout - 10);
    // The wait starts again, and is too long again.
    expect((await runOf(memory, runId)).state).toBe("RUNNING");
    expect(await stepOf(memory, runId, "first")).toMatchObject({ epoch: 1, state: "SUCCEEDED" });
    expect(await stepOf(memory, runId, "job")).toMatchObject({ epoch: 2, state: "SUCCEEDED" });
    await pass(memory, 200);
    expect((await runOf(memory, runId)).state).toBe("TIMED_OUT");
  });
});
