import * as z from "zod";
import { definePipeline, type LandedObject, lambda, objectCreated } from "../pipeline/index.ts";
import { MemoryEngine } from "../testing/memory-engine.ts";
import { startForObject } from "./start-for-object.ts";

const object: LandedObject = {
  uri: "s3://data/raw/in/a.csv",
  bucket: "data",
  key: "raw/in/a.csv",
  versionId: "v1",
  bytes: 10,
  at: "2021-10-04T16:21:00.123Z",
};

/** A pipeline that waits for objects and takes their location as a parameter. */
const waiting = (
  name: string,
  prefix: string,
  suffix: string | string[] = "",
  params: object = { uri: object.uri },
) =>
  definePipeline(
    {
      name,
      params: z.strictObject({ uri: z.string() }),
      triggers: [objectCreated({ prefix, suffix, params: () => ({ ...params }) })],
    },
    ({ step }) =>
      step(
        "only",
        lambda({}, () => 1),
      ),
  );

describe("an object that landed", () => {
  it("starts the pipelines whose prefix and suffix match", async () => {
    const memory = new MemoryEngine([
      waiting("right", "raw/in/"),
      waiting("right-too", "raw/in/", ".csv"),
      waiting("elsewhere", "raw/out/"),
      waiting("other-kind", "raw/in/", ".parquet"),
      waiting("one-of-two", "raw/in/", [".csv.gz", ".csv"]),
      waiting("neither", "raw/in/", [".csv.gz", ".parquet"]),
    ]);
    await startForObject(memory.engine, object);
    const { runs } = await memory.store.listRuns({}, 10);
    expect(runs.map(({ pipeline }) => pipeline).sort()).toEqual(["one-of-two", "right", "right-too"]);
  });

  it("starts one run, however often its event repeats, and another one for another version", async () => {
    const memory = new MemoryEngine([waiting("right", "raw/in/")]);
    const objects = [object, object, { ...object, versionId: "v2" }, object];
    const created = [];
    for (const each of objects)
      created.push(...(await startForObject(memory.engine, each)).map((run) => run.created));
    expect(created).toEqual([true, false, true, false]);
  });

  it.each([
    ["its version", { versionId: "v1" }],
    ["its version and sequencer", { versionId: "v1", sequencer: "0A" }],
    ["its sequencer alone", { versionId: undefined, sequencer: "0A" }],
  ])("starts one run if another event about %s has another time", async (_what, { versionId, ...others }) => {
    const memory = new MemoryEngine([waiting("right", "raw/in/")]);
    const { versionId: _versionId, ...plain } = object;
    const told = { ...plain, ...others, ...(versionId !== undefined && { versionId }) };
    const [first] = await startForObject(memory.engine, told);
    const [second] = await startForObject(memory.engine, { ...told, at: "2021-10-05T00:00:00.000Z" });
    expect(second).toEqual({ ...first, created: false });
    const [third] = await startForObject(memory.engine, {
      ...{ ...told, at: "2021-10-05T00:00:00.000Z", sequencer: "0B" },
      ...(versionId !== undefined && { versionId: "v2" }),
    });
    expect(third?.created).toBe(true);
  });

  it("starts the other pipelines if one cannot be started, and reports that one", async () => {
    const memory = new MemoryEngine([
      waiting("broken", "raw/in/", "", { url: 1 }),
      waiting("right", "raw/in/"),
    ]);
    await expect(startForObject(memory.engine, object)).rejects.toThrow(
      /pipeline broken was not started: params/,
    );
    const { runs } = await memory.store.listRuns({}, 10);
    expect(runs.map(({ pipeline }) => pipeline)).toEqual(["right"]);
  });
});
