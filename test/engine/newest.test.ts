import * as z from "zod";
import { definePipeline, type LandedObject, lambda, objectCreated } from "../../shared/pipeline/index.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { startForObject } from "../../shared/trigger/start-for-object.ts";
import { crashing } from "./crashing-engine.ts";
import { pass } from "./driving.ts";

const key = "results/newest.txt";
const publishing = definePipeline(
  {
    name: "publishing",
    params: z.strictObject({ of: z.string() }),
    triggers: [
      objectCreated({ prefix: "raw/", params: ({ uri, versionId }) => ({ of: `${uri} ${versionId}` }) }),
    ],
  },
  ({ params, step }) => {
    const made = step(
      "make",
      lambda({ of: params.of }, ({ of }, { artifacts }) => artifacts.write("made", of, "text/plain")),
    );
    step(
      "publish",
      lambda({ made }, ({ made }, { artifacts }) => artifacts.publish(made, key, { newest: true })),
      { retries: 3 },
    );
  },
);

const dropped = (name: string, sequencer: string, second: number): LandedObject => ({
  ...{ uri: `s3://data/raw/${name}`, bucket: "data", key: `raw/${name}`, bytes: 10 },
  ...{ versionId: `v${sequencer}`, sequencer, at: `1970-01-01T00:00:0${second}.000Z` },
});

const published = async ({ objects }: MemoryEngine) => {
  const body = await objects.get(objects.locate(key));
  return body && new TextDecoder().decode(body);
};

/** Lets the events of objects come, one after the other. @returns what is published in the end */
async function publishedAfter(...events: LandedObject[]) {
  const memory = new MemoryEngine([publishing], {}, 10_000);
  for (const event of events) {
    for (const { runId } of await startForObject(memory.engine, event))
      expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
  }
  return published(memory);
}

describe("what is published as the newest", () => {
  const [older, newer] = [dropped("a.csv", "0A", 1), dropped("a.csv", "10B", 3)];

  it("is of the latest version of an object, in whatever order the events come", async () => {
    expect(await publishedAfter(older, newer)).toBe("s3://data/raw/a.csv v10B");
    expect(await publishedAfter(newer, older)).toBe("s3://data/raw/a.csv v10B");
  });

  it("is of the latest version even if the event of an earlier one has a later time", async () => {
    expect(await publishedAfter(newer, { ...older, at: "1970-01-01T00:00:05.000Z" })).toBe(
      "s3://data/raw/a.csv v10B",
    );
  });

  it("is of the object that landed last, among several", async () => {
    const other = dropped("b.csv", "01", 2);
    expect(await publishedAfter(newer, other, older)).toBe("s3://data/raw/a.csv v10B");
    expect(await publishedAfter(older, other)).toBe("s3://data/raw/b.csv v01");
  });

  it.each(["before", "after"] as const)(
    "is right even if a worker dies %s any of its calls, while a newer run publishes",
    async (when) => {
      let points = 0;
      for (let at = 1; ; at += 1) {
        const memory = new MemoryEngine([publishing], {}, 10_000);
        const sound = memory.engine;
        const [first] = await startForObject(sound, older);
        const { engine, seen } = crashing(sound, at, when);
        memory.engine = engine;
        await pass(memory, 1).catch(() => undefined);
        memory.engine = sound;
        const [second] = await startForObject(sound, newer);
        await memory.finish(second?.runId ?? "");
        expect((await memory.finish(first?.runId ?? "")).state).toBe("SUCCEEDED");
        expect(await published(memory)).toBe("s3://data/raw/a.csv v10B");
        if (!seen.crashed) break;
        points += 1;
      }
      expect(points).toBeGreaterThan(8);
    },
  );

  it("is right even if a worker stands still between its record and its copy", async () => {
    const memory = new MemoryEngine([publishing], {}, 10_000);
    const sound = memory.engine;
    const [first] = await startForObject(sound, older);
    let isFirst = true;
    const copy: typeof sound.objects.copy = async (from, to) => {
      if (isFirst) {
        isFirst = false;
        for (const { runId } of await startForObject(sound, newer)) await memory.finish(runId);
        expect(await published(memory)).toBe("s3://data/raw/a.csv v10B");
      }
      return sound.objects.copy(from, to);
    };
    memory.engine = { ...sound, objects: Object.assign(Object.create(sound.objects), { copy }) };
    expect((await memory.finish(first?.runId ?? "")).state).toBe("SUCCEEDED");
    expect(await published(memory)).toBe("s3://data/raw/a.csv v10B");
  });
});
