import type { JobDetail } from "../ports/batch-service.ts";
import { jobFailure } from "./job-failure.ts";

const job = (change: Partial<JobDetail>): JobDetail => ({
  id: "j",
  name: "n",
  state: "FAILED",
  environment: {},
  logStream: "d/default/1",
  ...change,
});
const reported = { name: "ValueError", message: "row 3 is empty", retryable: false, stack: ["a", "b"] };

describe("the failure of a job", () => {
  it.each<[string, Partial<JobDetail>, string, object]>([
    [
      "a Spot interruption without an exit code",
      { statusReason: "Host EC2 (instance i-0abc) terminated." },
      "SpotInterruption",
      { lostTo: "spot" },
    ],
    [
      "a Fargate Spot interruption",
      { statusReason: "Your Spot Task was interrupted." },
      "SpotInterruption",
      { lostTo: "spot" },
    ],
    [
      "a timeout",
      { statusReason: "Job attempt duration exceeded timeout" },
      "TimeoutError",
      { timedOut: true },
    ],
    [
      "too little memory",
      { containerReason: "OutOfMemoryError: Container killed due to memory usage", exitCode: 137 },
      "OutOfMemory",
      { lostTo: "memory" },
    ],
    [
      "too little memory, unknown to Batch",
      { statusReason: "Essential container in task exited", exitCode: 137 },
      "Killed",
      { lostTo: "memory" },
    ],
    [
      "a missing image",
      { containerReason: "CannotPullContainerError: not found" },
      "ImagePullFailed",
      { lostTo: "image" },
    ],
    [
      "a machine that never came",
      { statusReason: "RUNNABLE for 3600 s: no machine that fits the job's resources came up" },
      "NoCapacity",
      { lostTo: "capacity" },
    ],
    [
      "a container that did not start",
      { statusReason: "Task failed to start" },
      "TaskStartFailed",
      { lostTo: "start" },
    ],
    [
      "an exit code alone",
      { statusReason: "Essential container in task exited", exitCode: 3 },
      "JobFailed",
      {},
    ],
  ])("is recognised: %s", (_what, change, name, facts) => {
    const failure = jobFailure(job(change), undefined);
    expect(failure.error.name).toBe(name);
    expect(failure).toMatchObject({ retryable: true, ...facts });
    expect("lostTo" in failure).toBe("lostTo" in facts);
    expect(failure.error.log).toBe("/aws/batch/job:d/default/1");
    const own = jobFailure(job({ ...change, logGroup: "/aws/batch/dev" }), undefined);
    expect(own.error.log).toBe("/aws/batch/dev:d/default/1");
  });

  it("has the error that the job reported, if it did", () => {
    const failure = jobFailure(
      job({ statusReason: "Essential container in task exited", exitCode: 1 }),
      reported,
    );
    expect(failure).toMatchObject({
      retryable: false,
      error: { name: "ValueError", message: "row 3 is empty" },
    });
  });

  it("keeps the code that the job reported, with a remedy if this version knows the code", () => {
    const known = jobFailure(job({ exitCode: 2 }), { ...reported, code: "CONTRACT_BROKEN" });
    expect(known.error).toMatchObject({
      code: "CONTRACT_BROKEN",
      remedy: expect.stringContaining("contract.ts"),
    });
    const newer = jobFailure(job({ exitCode: 2 }), { ...reported, code: "NEWER_CODE" }).error;
    expect([newer.code, newer.remedy]).toEqual(["NEWER_CODE", undefined]);
  });

  it("shows the end of its traceback, without the error's own lines", () => {
    const frame = (n: number) => [`  File "job.py", line ${n}, in f${n}`, `    call(${n})`];
    const stack = ["Traceback (most recent call last):", ...[1, 2, 3, 4, 5].flatMap(frame)];
    const message = "rows are wrong:\n  row 3 is empty";
    const raised = {
      ...reported,
      message,
      stack: [...stack, "ValueError: rows are wrong:", "  row 3 is empty"],
    };
    const kept = ["line 3, in f3", "call(3)", "line 4, in f4", "call(4)", "line 5, in f5", "call(5)"];
    const failure = jobFailure(job({ exitCode: 1 }), raised);
    expect(failure.error.stack).toEqual(kept.map((line) => expect.stringContaining(line)));
    expect(jobFailure(job({ exitCode: 1 }), { ...reported, stack }).error.stack).toHaveLength(6);
  });

  it("is what the job or a person reported, even if the job was killed afterwards", () => {
    expect(jobFailure(job({ exitCode: 137 }), reported)).not.toHaveProperty("lostTo");
    const ended = jobFailure(job({ exitCode: 137, statusReason: "ana ended it" }), undefined);
    expect([ended.error.name, ended.lostTo]).toEqual(["JobFailed", undefined]);
  });

  it("is the loss of the machine even if the job reported an error while it was stopped", () => {
    expect(jobFailure(job({ statusReason: "Host EC2 (instance i-0abc) terminated." }), reported).lostTo).toBe(
      "spot",
    );
  });

  it("names the exit code, or that Batch gives no reason, when nothing else is known", () => {
    expect(jobFailure(job({ exitCode: 9 }), undefined).error.message).toBe("exit code 9");
    expect(jobFailure(job({}), undefined).error.message).toContain("Batch gives no reason");
  });
});
