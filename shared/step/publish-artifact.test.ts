import { createHash } from "node:crypto";
import { MemoryObjectStore } from "../adapters/memory/memory-object-store.ts";
import type { Artifact } from "../pipeline/job.ts";
import { publishArtifact, readPublished } from "./publish-artifact.ts";

async function anArtifact(objects: MemoryObjectStore, content = "scores"): Promise<Artifact> {
  const uri = "s3://data/runs/p/r/score/0/1.1/scores.parquet";
  const { versionId } = await objects.put(uri, content, "application/vnd.apache.parquet");
  const sha256 = createHash("sha256").update(content).digest("hex");
  return {
    uri,
    sha256,
    bytes: content.length,
    mediaType: "application/vnd.apache.parquet",
    ...(versionId !== undefined && { versionId }),
  };
}

describe("publishing an artifact", () => {
  it("copies the requested version to a key under results/, and returns its location", async () => {
    const objects = new MemoryObjectStore();
    const artifact = await anArtifact(objects);
    await objects.put(artifact.uri, "somebody else's", "text/plain");
    const published = await publishArtifact(objects, artifact, "results/taxi/march.parquet");
    expect(published).toEqual({
      ...artifact,
      uri: "s3://data/results/taxi/march.parquet",
      versionId: expect.any(String),
    });
    expect(Buffer.from((await objects.get(published.uri)) ?? []).toString()).toBe("scores");
  });

  it.each(["models/taxi/00001/model", "runs/p/r/score", "results/", "results//a", "results/../models/a"])(
    "refuses the key %s",
    async (key) => {
      const objects = new MemoryObjectStore();
      await expect(publishArtifact(objects, await anArtifact(objects), key)).rejects.toThrow(
        "it takes the form results/folder/name",
      );
      expect((await objects.list("")).objects).toHaveLength(1);
    },
  );

  it("refuses an artifact that is gone, has changed or is too large", async () => {
    const objects = new MemoryObjectStore();
    const artifact = await anArtifact(objects);
    const publish = (changes: Partial<Artifact>) =>
      publishArtifact(objects, { ...artifact, ...changes }, "results/a");
    await expect(publish({ versionId: "99" })).rejects.toThrow("no longer exists");
    await expect(publish({ sha256: "0".repeat(64) })).rejects.toThrow("not 0000");
    await expect(publish({ bytes: 6 * 1024 ** 3 })).rejects.toThrow("6.0 GiB");
  });
});

describe("a published object", () => {
  it("is read by its key in its last version, and may be missing", async () => {
    const objects = new MemoryObjectStore();
    expect(await readPublished(objects, "results/taxi/march.parquet")).toBeUndefined();
    for (const content of ["first", "second"])
      await publishArtifact(objects, await anArtifact(objects, content), "results/taxi/march.parquet");
    const read = await readPublished(objects, "results/taxi/march.parquet");
    expect(Buffer.from(read ?? []).toString()).toBe("second");
  });

  it("can only be under results/", async () => {
    const reading = readPublished(new MemoryObjectStore(), "runs/p/r/score");
    await expect(reading).rejects.toThrow("it takes the form results/folder/name");
  });
});
