import { aHeldStep } from "../../test/factories.ts";
import { submitted, succeeded } from "../state/step-changes.ts";
import type { JobAttempt, StepRecord } from "../state/step-record.ts";
import { maxAttempts, viewAttempts, viewUsage } from "./job-view.ts";

const mebibyte = 1024 * 1024;
const resources = { vcpus: 2, memory: 8192, gpus: 0, timeoutSeconds: 600, queue: "cpu" };

function anAttempt(overrides: Partial<JobAttempt> = {}): JobAttempt {
  return {
    ...{ epoch: 1, attempt: 1, job: "job-1", state: "SUCCEEDED", vcpus: 2, memory: 8192, queue: "cpu" },
    usage: { peakMemoryBytes: 1000 * mebibyte, cpuSeconds: 90 },
    tries: [{ startedAt: 1000, endedAt: 101_000, log: "g:d/default/1" }],
    ...overrides,
  };
}

const aRecord = (jobAttempts: readonly JobAttempt[], index = 0): StepRecord =>
  succeeded(aHeldStep({ index, jobAttempts }), { value: null }, 0);

describe("the usage of a step", () => {
  it("is its peak memory and average vCPUs, next to what it had", () => {
    expect(viewUsage([aRecord([anAttempt()])])).toMatchObject({
      peakMemoryBytes: 1000 * mebibyte,
      memoryBytes: 8192 * mebibyte,
      vcpusUsed: 0.9,
      vcpus: 2,
    });
  });

  it("is that of its last attempt; for a map, the maximum of all children", () => {
    const grown = [anAttempt({ memory: 1024, usage: { peakMemoryBytes: 1, cpuSeconds: 1 } }), anAttempt()];
    const other = anAttempt({ usage: { peakMemoryBytes: 3000 * mebibyte, cpuSeconds: 10 } });
    expect(viewUsage([aRecord(grown), aRecord([other], 1)])).toMatchObject({
      peakMemoryBytes: 3000 * mebibyte,
      memoryBytes: 8192 * mebibyte,
      vcpusUsed: 0.9,
    });
  });

  it("is unknown for jobs that didn't report it", () => {
    const { usage: _usage, ...silent } = anAttempt();
    expect(viewUsage([aRecord([silent]), aRecord([])])).toBeUndefined();
  });

  it.each<[string, Partial<JobAttempt>, string[]]>([
    ["half the memory and half the vCPUs or more", { memory: 2048, vcpus: 1 }, []],
    ["an eighth of the memory", { vcpus: 1 }, ["memory: 1536 would do"]],
    [
      "an eighth of the memory of a function, which is the same for all jobs",
      { vcpus: 1, queue: "lambda" },
      [],
    ],
    ["nearly all memory", { memory: 1100, vcpus: 1 }, ["close to its memory: consider memory: 1536"]],
    ["a quarter of the vCPUs", { memory: 2048, vcpus: 4 }, ["vcpus: 2 would do"]],
    [
      "few vCPUs for a moment, which means nothing",
      { memory: 2048, vcpus: 16, tries: [{ startedAt: 0, endedAt: 20_000 }] },
      [],
    ],
  ])("comes with a recommendation for better resources: %s", (_what, overrides, hints) => {
    expect(viewUsage([aRecord([anAttempt(overrides)])])?.hints).toEqual(hints);
  });
});

describe("the attempts of a step", () => {
  it("show how long all of their tries took, and whether they ran on Spot machines", () => {
    const tries = [{ startedAt: 0, endedAt: 4000 }, {}, { startedAt: 10_000, endedAt: 11_500 }];
    const [first, second] = viewAttempts(
      [aRecord([anAttempt({ tries }), anAttempt({ queue: "gpu-on-demand", tries: [] })])],
      false,
      resources,
    );
    expect(first).toMatchObject({ seconds: 5.5, spot: true });
    expect(second).toMatchObject({ spot: false });
    expect(second).not.toHaveProperty("seconds");
  });

  it("of a large map are limited, failed ones first, with their children", () => {
    const records = Array.from({ length: 100 }, (_, index) =>
      aRecord([anAttempt({ state: index === 70 ? "FAILED" : "SUCCEEDED" })], index),
    );
    const attempts = viewAttempts(records, true, resources);
    expect(attempts).toHaveLength(maxAttempts);
    expect(attempts.slice(0, 2).map(({ index }) => index)).toEqual([70, 0]);
  });

  it("include running ones, with their growing log, before those that have ended", () => {
    const running: StepRecord = {
      ...submitted(aHeldStep({ index: 5, attempt: 2, losses: { spot: 3 } }), [{ id: "job-9", name: "n" }]),
      ...{ state: "RUNNING", runningSince: 7000, log: "g:d/default/9" },
    };
    const [first] = viewAttempts([aRecord([anAttempt()]), running], true, resources);
    expect(first).toEqual({
      ...{ epoch: 1, attempt: 2, index: 5, job: "job-9", state: "RUNNING" },
      ...{ vcpus: 2, memory: 8192, queue: "cpu-on-demand", spot: false },
      tries: [{ log: "g:d/default/9", startedAt: 7000 }],
    });
  });
});
