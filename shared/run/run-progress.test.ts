import { aHeldStep, aRun, epochStart } from "../../test/factories.ts";
import { MemoryObjectStore } from "../adapters/memory/memory-object-store.ts";
import { submitted, succeeded } from "../state/step-changes.ts";
import type { JobStep, StepIndex, StepRecord } from "../state/step-record.ts";
import { maxProgressReads, readProgress } from "./run-progress.ts";

const run = aRun();
const { runId } = run;

function job(step: string, index: StepIndex, overrides: Partial<JobStep> = {}): JobStep {
  const record = submitted(aHeldStep({ runId, step, index }), [{ id: "job-1", name: "n" }]);
  return { ...record, state: "RUNNING", runningSince: epochStart, ...overrides };
}
const done = (step: string, index: number): StepRecord =>
  succeeded(aHeldStep({ runId, step, index }), { value: null }, epochStart);

/** A bucket that counts what is read. */
function bucket() {
  const objects = new MemoryObjectStore();
  const reads: string[] = [];
  const get = objects.get.bind(objects);
  objects.get = (uri) => {
    reads.push(uri);
    return get(uri);
  };
  const say = (step: string, index: number, report: unknown) => {
    const uri = objects.locate(`runs/${run.pipeline}/${runId}/${step}/${index}/1.1/_progress.json`);
    return objects.put(uri, typeof report === "string" ? report : JSON.stringify(report), "application/json");
  };
  return { objects, reads, say };
}
const at = (seconds: number) => new Date(epochStart + seconds * 1000).toISOString();

describe("the progress of a run", () => {
  it("is the last report and the pace of each running job", async () => {
    const { objects, say } = bucket();
    await say("train", 0, { fraction: 0.4, message: "epoch 4 of 10", at: at(120) });
    await say("other", 0, { message: "reading", at: at(5) });
    const progress = await readProgress(objects, run, [job("train", 0), job("other", 0)]);
    expect(Object.fromEntries(progress)).toEqual({
      train: { fraction: 0.4, message: "epoch 4 of 10", at: at(120), perMinute: 0.2 },
      other: { message: "reading", at: at(5) },
    });
  });

  it("is absent for jobs without a valid report, and for jobs that wait or have ended", async () => {
    const { objects, say } = bucket();
    for (const [step, report] of [
      ["broken", "{"],
      ["wrong", { fraction: 7, message: "", at: at(1) }],
      ["ended", { fraction: 1, message: "done", at: at(1) }],
      ["waits", { fraction: 1, message: "an earlier try", at: at(1) }],
    ] as const)
      await say(step, 0, report);
    const records = [
      ...["broken", "wrong", "silent"].map((step) => job(step, 0)),
      done("ended", 0),
      job("waits", 0, { state: "RUNNABLE" }),
    ];
    expect(await readProgress(objects, run, records)).toEqual(new Map());
  });

  it("of a map counts ended children as complete, and children without a report as average", async () => {
    const { objects, say } = bucket();
    await say("train", 1, { fraction: 0.5, message: "half", at: at(20) });
    await say("train", 2, { fraction: 0.1, message: "begun", at: at(30) });
    const records = [
      job("train", "map", { children: 10 }),
      done("train", 0),
      ...[1, 2, 3].map((index) => job("train", index)),
    ];
    const [progress] = (await readProgress(objects, run, records)).values();
    expect(progress).toEqual({ fraction: expect.closeTo(0.19, 10), message: "begun", at: at(30) });
  });

  it("takes a bounded number of reads, shared among the steps", async () => {
    const { objects, reads } = bucket();
    const children = Array.from({ length: 1000 }, (_, index) => job("wide", index));
    await readProgress(objects, run, [job("wide", "map", { children: 1000 }), ...children, job("beside", 0)]);
    expect(reads.length).toBeLessThanOrEqual(maxProgressReads);
    expect(reads.filter((uri) => uri.includes("/beside/"))).toHaveLength(1);
  });
});
