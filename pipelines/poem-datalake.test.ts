import { createHash } from "node:crypto";
import type { Artifact, Json } from "../shared/pipeline/index.ts";
import { startRun } from "../shared/run/start-run.ts";
import { MemoryEngine } from "../shared/testing/memory-engine.ts";
import { startForObject } from "../shared/trigger/start-for-object.ts";
import { poemDatalake } from "./poem-datalake.ts";

const address = { url: "https://example.org/poems.zip" };
const defaults = {
  maxArchiveBytes: 4_000_000_000,
  maxFiles: 200_000,
  maxFileBytes: 10_000_000,
  maxTotalBytes: 4_000_000_000,
  maxRatio: 100,
};

/** An engine whose jobs are stand-ins for Python: they record their inputs and write fixed outputs. */
class Poems {
  readonly asked: { job: string; input: Json }[] = [];
  /** Errors that the next jobs throw. */
  readonly troubles: string[] = [];
  readonly memory: MemoryEngine;

  constructor() {
    const noted = (job: string, input: Json) => {
      this.asked.push({ job, input });
      const trouble = this.troubles.shift();
      if (trouble !== undefined) throw new Error(trouble);
    };
    this.memory = new MemoryEngine(
      [poemDatalake],
      {
        "poems.fetch": async (input) => {
          noted("fetch", input);
          const archive = await this.made("runs/poem-datalake/r/fetch/0/1.1/archive.zip");
          return { archive, from: address.url, requests: 1 };
        },
        "poems.unzip": async (input) => {
          noted("unzip", input);
          const manifest = await this.made(
            "runs/poem-datalake/r/unzip/0/1.1/lake.json",
            JSON.stringify(input),
          );
          return {
            ...{ lake: "s3://data/lake/poems/0123/", manifest, report: manifest },
            ...{ sha256: manifest.sha256, files: 1, bytes: 5, written: 1, skipped: [] },
            forms: [{ form: "ode", files: 1, bytes: 5 }],
          };
        },
      },
      Date.parse("2021-01-01T00:00:00Z"),
    );
    this.memory.engine = { ...this.memory.engine, jobVersions: new Map([["poems", "1"]]) };
  }

  private async made(key: string, body = key): Promise<Artifact> {
    const uri = this.memory.objects.locate(key);
    const { versionId } = await this.memory.objects.put(uri, body, "application/json");
    const sha256 = createHash("sha256").update(body).digest("hex");
    return {
      uri,
      sha256,
      bytes: body.length,
      mediaType: "application/json",
      ...(versionId !== undefined && { versionId }),
    };
  }

  /** Drops an object, and returns its version. */
  async drop(key: string, body = key): Promise<string | undefined> {
    const uri = this.memory.objects.locate(key);
    return (await this.memory.objects.put(uri, body, "application/zip")).versionId;
  }

  async run(params: Json = {}) {
    const start = { pipeline: "poem-datalake", params, cause: { kind: "manual" as const } };
    const { runId } = await startRun(this.memory.engine, { ...start, causeKey: String(this.asked.length) });
    return this.memory.finish(runId);
  }

  /** What readers find at the key that names the newest lake. */
  async published(): Promise<Json | undefined> {
    const body = await this.memory.objects.get(this.memory.objects.locate("results/poems/lake.json"));
    return body && JSON.parse(Buffer.from(body).toString());
  }

  of(job: string): unknown[] {
    return this.asked.filter((each) => each.job === job).map(({ input }) => input);
  }
}

describe("poem-datalake", () => {
  it("unpacks the dropped zip in the dropped version, and publishes the manifest", async () => {
    const poems = new Poems();
    const versionId = await poems.drop("raw/zips/a.zip");
    const object = { bucket: "data", key: "raw/zips/a.zip", uri: "s3://data/raw/zips/a.zip" };
    const at = "2021-01-01T00:00:00Z";
    const [started] = await startForObject(poems.memory.engine, {
      ...{ ...object, bytes: 14, at },
      ...(versionId !== undefined && { versionId }),
    });
    await poems.drop("raw/zips/a.zip", "another one");
    expect(await poems.memory.finish(started?.runId ?? "none")).toMatchObject({ state: "SUCCEEDED" });
    const asked = { archive: { uri: object.uri, versionId }, folder: "", limits: defaults };
    expect(poems.of("unzip")).toEqual([asked]);
    expect(poems.of("fetch")).toEqual([]);
    expect(await poems.published()).toEqual(asked);
  });

  it("leaves the newest lake alone if the event of an older zip comes later", async () => {
    const poems = new Poems();
    for (const [name, day] of [
      ["new", 2],
      ["old", 1],
    ] as const) {
      await poems.drop(`raw/zips/${name}.zip`);
      const uri = `s3://data/raw/zips/${name}.zip`;
      const object = { uri, bucket: "data", key: `raw/zips/${name}.zip`, bytes: 14 };
      const at = `2021-01-0${day}T00:00:00Z`;
      const [started] = await startForObject(poems.memory.engine, { ...object, at });
      expect(await poems.memory.finish(started?.runId ?? "none")).toMatchObject({ state: "SUCCEEDED" });
    }
    expect(await poems.published()).toMatchObject({ archive: { uri: "s3://data/raw/zips/new.zip" } });
  });

  it("downloads from a named source, retries, and unpacks the download by its checksum", async () => {
    const poems = new Poems();
    poems.troubles.push("the connection failed");
    const { state } = await poems.run({
      source: address,
      limits: { maxArchiveBytes: 1000 },
      folder: "forms",
    });
    expect(state).toBe("SUCCEEDED");
    expect(poems.of("fetch")).toEqual(Array(2).fill({ source: address, maxBytes: 1000 }));
    expect(poems.of("unzip")).toMatchObject([
      {
        archive: { uri: expect.stringMatching(/archive\.zip$/), sha256: expect.any(String) },
        folder: "forms",
        limits: { ...defaults, maxArchiveBytes: 1000 },
      },
    ]);
  });

  it("uses the newest zip if none is named", async () => {
    const poems = new Poems();
    await poems.drop("raw/zips/b.zip");
    await poems.drop("raw/zips/notes.txt");
    expect(await poems.run()).toMatchObject({ state: "SUCCEEDED" });
    expect(poems.of("unzip")).toMatchObject([{ archive: { uri: "s3://data/raw/zips/b.zip" } }]);
  });

  it("unpacks the same version of the same zip once", async () => {
    const poems = new Poems();
    await poems.drop("raw/zips/b.zip");
    await poems.run();
    expect(await poems.run()).toMatchObject({ state: "SUCCEEDED" });
    expect(poems.of("unzip")).toHaveLength(1);
  });

  it("publishes nothing if the zip is refused", async () => {
    const poems = new Poems();
    await poems.drop("raw/zips/b.zip");
    poems.troubles.push(...Array(3).fill("evil.txt leads out of its folder"));
    expect(await poems.run()).toMatchObject({
      state: "FAILED",
      error: { step: "unzip", message: expect.stringContaining("leads out") },
    });
    expect(await poems.published()).toBeUndefined();
  });

  it.each([
    [{}, /there is no \.zip under raw\/zips\/; drop one there, or name a source/],
    [
      { archive: { uri: "s3://data/raw/zips/gone.zip" } },
      /raw\/zips\/gone\.zip does not exist; drop it again/,
    ],
  ])("reports what is missing: %j", async (params, message) => {
    const poems = new Poems();
    const { error } = await poems.run(params);
    expect(error).toMatchObject({ step: "find_archive", message: expect.stringMatching(message) });
    expect(poems.asked).toEqual([]);
  });

  it.each([
    [{ source: address, archive: { uri: "s3://data/raw/zips/a.zip" } }, "not both"],
    [{ source: { url: "http://example.org/poems.zip" } }, "source"],
    [{ source: { url: "ftp://example.org/poems.zip" } }, "source"],
    [{ source: { dataset: "poems" } }, "source"],
    [{ source: { dataset: "../../owner/poems" } }, "source"],
    [{ archive: { uri: "/etc/passwd" } }, "archive.uri"],
    [{ limits: { maxFiles: 0 } }, "limits.maxFiles"],
    [{ limits: { maxfiles: 10 } }, "maxfiles"],
  ])("refuses %j before anything starts", async (params, problem) => {
    await expect(new Poems().run(params)).rejects.toThrow(problem);
  });
});
