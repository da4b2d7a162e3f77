import { MemoryObjectStore } from "../../shared/adapters/memory/memory-object-store.ts";
import type { Artifact } from "../../shared/pipeline/job.ts";
import type { Json } from "../../shared/pipeline/json.ts";
import type { StepRecord } from "../../shared/state/step-record.ts";
import { aHeldStep, aRun, aStepNode, timeAt } from "../../test/factories.ts";
import { artifactNamed, type RunArtifact, runArtifacts } from "./run-artifacts.ts";

const run = aRun();
const place = `runs/${run.pipeline}/${run.runId}`;
const graph = {
  ...{ version: 1 as const, pipeline: run.pipeline },
  steps: [
    aStepNode(0, "fit", { over: [1, 2] }),
    aStepNode(1, "job", {
      task: {
        kind: "batch",
        job: "a.b",
        resources: { queue: "cpu", vcpus: 1, memory: 1, gpus: 0, timeoutSeconds: 1 },
      },
    }),
  ],
};

/** Stores an object, and describes it as a step would. */
async function stored(objects: MemoryObjectStore, key: string): Promise<Artifact> {
  const uri = objects.locate(key);
  await objects.put(uri, "1", "text/plain");
  return { uri, sha256: "0".repeat(64), bytes: 1, mediaType: "text/plain" };
}

function succeeded(step: string, index: number | "map", value: Json): StepRecord {
  const { holder, leaseUntil, state, ...facts } = aHeldStep({ runId: run.runId, step, index });
  return { ...facts, state: "SUCCEEDED", endedAt: timeAt(1), output: { value } };
}

const listed = (artifacts: readonly RunArtifact[]) =>
  artifacts.map(({ step, index, name, removed }) => [step, index, name, removed]);

test("a run's artifacts are those that its own steps made; removed ones are marked", async () => {
  const objects = new MemoryObjectStore();
  const first = await stored(objects, `${place}/fit/0/1.1/model.bin`);
  const second = await stored(objects, `${place}/fit/1/1.2/model.bin`);
  const given = await stored(objects, "raw/data.csv");
  await objects.delete(second.uri);
  const records = [
    succeeded("fit", 1, { model: second, from: given }),
    succeeded("fit", 0, { model: first, again: [first] }),
    succeeded("fit", "map", [{ model: first }, { model: second }]),
  ];
  expect(listed(await runArtifacts(objects, run, graph, records))).toEqual([
    ["fit", 0, "model.bin", false],
    ["fit", 1, "model.bin", true],
  ]);
});

test("a job's reports are listed even if its result doesn't name them", async () => {
  const objects = new MemoryObjectStore();
  const report = await stored(objects, `${place}/job/0/1.1.2/report/scores.md`);
  const manifest = { version: 1, output: {}, artifacts: [report] };
  await objects.put(
    objects.locate(`${place}/job/0/1.1/_manifest.json`),
    JSON.stringify(manifest),
    "application/json",
  );
  const made = await runArtifacts(objects, run, graph, [succeeded("job", 0, {})]);
  expect(listed(made)).toEqual([["job", undefined, "report/scores.md", false]]);
});

test("a cached step lists the artifacts of the run that its result comes from", async () => {
  const objects = new MemoryObjectStore();
  const model = await stored(objects, `runs/${run.pipeline}/earlier/fit/0/1.1/model.bin`);
  const record = succeeded("fit", 0, { model });
  const cached = { ...record, state: "CACHED", cachedFrom: { runId: "earlier", step: "fit", index: 0 } };
  expect(listed(await runArtifacts(objects, run, graph, [cached as StepRecord]))).toEqual([
    ["fit", 0, "model.bin", false],
  ]);
});

describe("finding an artifact by step and name", () => {
  const made = (step: string, index: number | undefined, name: string): RunArtifact => ({
    ...{ step, name, removed: false, uri: `s3://b/${name}`, sha256: "", bytes: 1, mediaType: "text/plain" },
    ...(index !== undefined && { index }),
  });
  const artifacts = [
    made("fit", 0, "report/a.md"),
    made("fit", 1, "report/a.md"),
    made("select", undefined, "best"),
  ];

  test.each([
    [{ step: "fit", index: 1 }, "report/a.md", artifacts[1]],
    [{ step: "fit", index: 0 }, "a.md", artifacts[0]],
    [{ step: "select", index: 0 }, "best", artifacts[2]],
  ])("succeeds: %j %s", (step, name, expected) => {
    expect(artifactNamed(artifacts, step, name)).toBe(expected);
  });

  test.each([
    [{ step: "fit" }, "a.md", 'NAME is "a.md", and 2 artifacts have that name: fit[0] report/a.md; fit[1]'],
    [{ step: "fit", index: 0 }, "b", 'NAME is "b"; step fit made report/a.md'],
    [{ step: "clean" }, "b", "step clean made no artifact"],
  ])("fails with what there is: %j %s", (step, name, message) => {
    expect(() => artifactNamed(artifacts, step, name)).toThrow(message);
  });
});
