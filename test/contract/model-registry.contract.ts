import type { ModelVersion } from "../../shared/pipeline/model.ts";
import type { AliasMove, ModelRegistry } from "../../shared/ports/model-registry.ts";

const at = "2026-01-01T00:00:00.000Z";
const by = { runId: "20260101T000000Z-000000000000", step: "register", index: 0 };
const sha256 = "ab".repeat(32);

/** A version with every field set. */
export function versionOf(name: string, version: number, more: Partial<ModelVersion> = {}): ModelVersion {
  const uri = `s3://data/models/${name}/${version}/model/`;
  const file = { uri: `${uri}MLmodel`, versionId: "v1", sha256, bytes: 3, mediaType: "text/plain" };
  return {
    name,
    version,
    metrics: { logLoss: 0.39928, huge: 1e300, tiny: 5e-324 },
    parameters: { alpha: 1e-6, penalty: "l2", averaged: true, none: null, empty: "" },
    data: [{ uri: "s3://data/raw/ctr/a.csv", versionId: "x", sha256, bytes: 12, rows: 2 }],
    signature: { inputs: [], outputs: null },
    seed: 42,
    tags: { team: "ads" },
    registeredAt: at,
    registeredBy: by,
    model: { uri, files: [file] },
    attachments: { profile: file },
    digest: sha256,
    source: "s3://data/runs/p/r/train/0/1.1/model",
    training: { pipeline: "p", runId: "r", step: "train", index: 0, epoch: 1, attempt: 1, seconds: 1.5 },
    commit: "unknown: not deployed",
    ...more,
  };
}

/** A move of the alias `champion` of model `ctr`. */
export function moveOf(number: number, to: number, more: Partial<AliasMove> = {}): AliasMove {
  const from = number === 1 ? null : number - 1;
  return { name: "ctr", alias: "champion", number, kind: "set", from, to, at, by, why: "better", ...more };
}

/** What every model registry does. `make` returns an empty one. */
export function modelRegistryContract(make: () => Promise<ModelRegistry>): void {
  let models: ModelRegistry;
  beforeEach(async () => {
    models = await make();
  });

  test("versions of a name are numbered from 1, and a source keeps its number", async () => {
    expect(await models.reserveVersion("ctr", "a")).toBe(1);
    expect(await models.reserveVersion("ctr", "b")).toBe(2);
    expect(await models.reserveVersion("ctr", "a")).toBe(1);
    expect(await models.reserveVersion("taxi", "a")).toBe(1);
    expect(await models.reserveVersion("ctr", "c")).toBe(3);
  });

  test("concurrent sources get one number each, without gaps, and a repeated source gets its own again", async () => {
    const sources = Array.from({ length: 12 }, (_, number) => `source-${number % 6}`);
    const numbers = await Promise.all(sources.map((source) => models.reserveVersion("ctr", source)));
    expect([...new Set(numbers)].sort()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(numbers.slice(6)).toEqual(numbers.slice(0, 6));
  });

  test("a reserved number is no version, and its name is not listed", async () => {
    await models.reserveVersion("ctr", "a");
    expect(await models.getVersion("ctr", 1)).toBeUndefined();
    expect(await models.listVersions("ctr")).toEqual([]);
    expect(await models.listNames()).toEqual([]);
  });

  test("a version is read as it was written, with all fields or only the required ones", async () => {
    const { signature: _, seed: __, training: ___, ...least } = versionOf("ctr", 2, { data: [], tags: {} });
    for (const version of [versionOf("ctr", 1), { ...least, parameters: {}, attachments: {} }]) {
      expect(await models.putVersion(version)).toEqual(version);
      expect(await models.getVersion("ctr", version.version)).toEqual(version);
    }
  });

  test("a version is written once: the first one stays, and later writers get it", async () => {
    const first = versionOf("ctr", 1);
    await models.putVersion(first);
    const second = versionOf("ctr", 1, { metrics: { logLoss: 0 } });
    expect(await models.putVersion(second)).toEqual(first);
    expect(await models.getVersion("ctr", 1)).toEqual(first);
  });

  test("versions are listed by number and names alphabetically, each once", async () => {
    for (const number of [2, 11, 1]) await models.putVersion(versionOf("taxi", number));
    await models.putVersion(versionOf("ctr", 1));
    expect((await models.listVersions("taxi")).map(({ version }) => version)).toEqual([1, 2, 11]);
    expect(await models.listNames()).toEqual(["ctr", "taxi"]);
    expect(await models.listVersions("none")).toEqual([]);
  });

  test("the newest versions are listed newest first, and those below a number go on from there", async () => {
    for (const number of [2, 11, 1, 3]) await models.putVersion(versionOf("taxi", number));
    const numbers = async (limit: number, below?: number) =>
      (await models.newestVersions("taxi", limit, below)).map(({ version }) => version);
    expect(await numbers(2)).toEqual([11, 3]);
    expect(await numbers(2, 3)).toEqual([2, 1]);
    expect(await numbers(10, 12)).toEqual([11, 3, 2, 1]);
    expect(await numbers(10, 1)).toEqual([]);
    expect(await models.newestVersions("none", 2)).toEqual([]);
  });

  test("an alias is where it was moved last, and its log has every move in order", async () => {
    const gate = { metric: "logLoss", better: "lower", minimumGain: 0.001 } as const;
    const figures = { ...gate, value: 0.4, base: 0.45, against: null, data: sha256 };
    const moves = [
      moveOf(1, 1, { kind: "promotion", figures }),
      moveOf(2, 3, { by: { person: "ada" } }),
      moveOf(3, 1, { kind: "rollback" }),
    ];
    expect(await models.getAlias("ctr", "champion")).toBeUndefined();
    expect(await models.listMoves("ctr", "champion")).toEqual([]);
    for (const move of moves) {
      expect(await models.moveAlias(move)).toBe(true);
      expect(await models.getAlias("ctr", "champion")).toBe(move.to);
    }
    expect(await models.listMoves("ctr", "champion")).toEqual(moves);
    expect(await models.listMoves("ctr", "champ")).toEqual([]);
  });

  test("a move that isn't the alias's next one is refused, and the log is unchanged", async () => {
    expect(await models.moveAlias(moveOf(2, 1))).toBe(false);
    await models.moveAlias(moveOf(1, 1));
    expect(await models.moveAlias(moveOf(1, 2))).toBe(false);
    expect(await models.moveAlias(moveOf(3, 2))).toBe(false);
    expect(await models.getAlias("ctr", "champion")).toBe(1);
    expect(await models.listMoves("ctr", "champion")).toEqual([moveOf(1, 1)]);
  });

  test("a move that is repeated because its response was lost is the same move", async () => {
    await models.moveAlias(moveOf(1, 1));
    await models.moveAlias(moveOf(2, 2));
    expect(await models.moveAlias(moveOf(2, 2))).toBe(true);
    expect(await models.moveAlias(moveOf(1, 1))).toBe(true);
    expect(await models.listMoves("ctr", "champion")).toHaveLength(2);
    expect(await models.getAlias("ctr", "champion")).toBe(2);
  });

  test("exactly one of concurrent moves succeeds", async () => {
    const racers = Array.from({ length: 10 }, (_, racer) => moveOf(1, racer + 1, { why: `racer ${racer}` }));
    const moved = await Promise.all(racers.map((move) => models.moveAlias(move)));
    expect(moved.filter(Boolean)).toHaveLength(1);
    const winner = racers[moved.indexOf(true)];
    expect(await models.listMoves("ctr", "champion")).toEqual([winner]);
    expect(await models.getAlias("ctr", "champion")).toBe(winner?.to);
  });

  test("aliases of a model are its own, and are listed alphabetically", async () => {
    await models.moveAlias(moveOf(1, 4));
    await models.moveAlias(moveOf(1, 5, { alias: "challenger" }));
    await models.moveAlias(moveOf(1, 6, { name: "taxi" }));
    expect(await models.listAliases("ctr")).toEqual([
      { alias: "challenger", version: 5 },
      { alias: "champion", version: 4 },
    ]);
    expect(await models.listAliases("none")).toEqual([]);
  });

  test("changes to arguments or results don't change what is stored", async () => {
    const version = versionOf("ctr", 1);
    const put = await models.putVersion(version);
    version.metrics.logLoss = 0;
    put.metrics.logLoss = 0;
    const read = await models.getVersion("ctr", 1);
    expect(read?.metrics.logLoss).toBe(0.39928);
  });
}
