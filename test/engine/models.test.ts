import { holderAfter } from "../../shared/models/alias-log.ts";
import { rollBackAlias, setAlias } from "../../shared/models/move-alias.ts";
import type { Json } from "../../shared/pipeline/index.ts";
import { startRun } from "../../shared/run/start-run.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { testPipeline } from "../../shared/testing/test-pipeline.ts";
import { crashings, runWithCrash } from "./crashing-engine.ts";
import { begin, pass, runOf, stepOf, work } from "./driving.ts";
import { modelPipeline } from "./model-pipeline.ts";

const name = "ctr";
const alias = "champion";
const person = { person: "ada" };

async function outputOf(memory: MemoryEngine, runId: string, step: string): Promise<Json> {
  const record = await stepOf(memory, runId, step);
  if (!("output" in record) || !("value" in record.output)) throw new Error(`step ${step} has no result`);
  return record.output.value;
}

async function trained(memory: MemoryEngine, params: { [field: string]: Json } = {}): Promise<string> {
  const runId = await begin(memory, "training", { params });
  expect(await memory.finish(runId)).toMatchObject({ state: "SUCCEEDED" });
  return runId;
}

/** The alias and the log agree, and every version is complete. */
async function expectConsistent(memory: MemoryEngine) {
  const { models, objects } = memory.engine;
  const moves = await models.listMoves(name, alias);
  expect(await models.getAlias(name, alias)).toBe(holderAfter(moves) ?? undefined);
  expect(moves.map(({ number }) => number)).toEqual(moves.map((_, place) => place + 1));
  for (const [place, move] of moves.entries()) expect(move.from).toBe(moves[place - 1]?.to ?? null);
  for (const version of await models.listVersions(name)) {
    const kept = [...version.model.files, ...Object.values(version.attachments)];
    expect(kept).toHaveLength(4);
    for (const { uri, bytes } of kept) expect(await objects.head(uri)).toMatchObject({ bytes });
  }
  return moves;
}

describe("a pipeline that registers a model", () => {
  it("works unchanged in testPipeline", async () => {
    const { state, outputs } = await testPipeline(modelPipeline);
    expect(state).toBe("SUCCEEDED");
    expect(outputs.promote).toEqual({
      name,
      version: 1,
      alias,
      promoted: true,
      reason: "logLoss 0.4000, the base rate's 0.4500: better by 11 %",
      holder: 1,
    });
  });

  it("copies the files byte by byte to the version's own folder, and records where they come from", async () => {
    const memory = new MemoryEngine([modelPipeline]);
    memory.engine = { ...memory.engine, commit: "0123abc" };
    const runId = await trained(memory);
    const version = await memory.engine.models.getVersion(name, 1);
    const { sourceFiles, keptFiles } = await filesOf(memory, runId);
    expect(Object.keys(keptFiles).sort()).toEqual([
      "attachments/profile/profile.json",
      "model/MLmodel",
      "model/model/weights.json",
      "model/requirements.txt",
    ]);
    expect(keptFiles).toEqual({
      "attachments/profile/profile.json": sourceFiles["profile.json"],
      "model/MLmodel": sourceFiles["model/MLmodel"],
      "model/model/weights.json": sourceFiles["model/model/weights.json"],
      "model/requirements.txt": sourceFiles["model/requirements.txt"],
    });
    expect(version).toMatchObject({
      version: 1,
      metrics: { testLogLoss: 0.4 },
      parameters: { alpha: 1e-6, penalty: "l2" },
      seed: 42,
      data: [{ uri: "s3://data/raw/ctr/october.csv", versionId: "3", bytes: 12, rows: 2 }],
      registeredBy: { runId, step: "register", index: 0 },
      training: { pipeline: "training", runId, step: "train", index: 0, epoch: 1, attempt: 1 },
      commit: "0123abc",
      model: { uri: "s3://data/models/ctr/00001/model/" },
      source: `s3://data/runs/training/${runId}/train/0/1.1/model`,
    });
    expect(version?.training?.seconds).toBeGreaterThanOrEqual(0);
    await expectConsistent(memory);
  });

  it("gives a cached training the same version, whichever run registers it", async () => {
    const memory = new MemoryEngine([modelPipeline]);
    const first = await trained(memory);
    const second = await trained(memory);
    expect(await stepOf(memory, second, "train")).toMatchObject({ state: "CACHED" });
    expect(await outputOf(memory, second, "register")).toEqual(await outputOf(memory, first, "register"));
    expect(await outputOf(memory, second, "promote")).toMatchObject({
      promoted: false,
      reason: "version 1 is champion already",
    });
    expect(await memory.engine.models.listVersions(name)).toHaveLength(1);
  });

  it("gives each training its own version, even if the files are equal", async () => {
    const memory = new MemoryEngine([modelPipeline]);
    await trained(memory);
    const again = await begin(memory, "training", { refresh: true });
    await memory.finish(again);
    const [one, two] = await memory.engine.models.listVersions(name);
    expect(two?.digest).toBe(one?.digest);
    expect(two?.training?.runId).toBe(again);
  });

  it("succeeds if the gate refuses the model, and says by how much it is worse", async () => {
    const memory = new MemoryEngine([modelPipeline]);
    await trained(memory, { logLoss: 0.3993 });
    const worse = await trained(memory, { logLoss: 0.4012, championLogLoss: 0.3993 });
    expect(await outputOf(memory, worse, "promote")).toMatchObject({
      version: 2,
      promoted: false,
      holder: 1,
      reason: "logLoss 0.4012, the champion's 0.3993: worse by 0.48 %; needs to be better by 0.1 %",
    });
    expect(await expectConsistent(memory)).toHaveLength(1);
  });

  it("fails at a file that no longer matches its artifact, and registers nothing", async () => {
    const memory = new MemoryEngine([modelPipeline]);
    const runId = await begin(memory, "training", { params: { pause: 60 } });
    await work(memory);
    const { copy } = memory.objects;
    memory.objects.copy = async (from, to) => {
      const copied = await copy.call(memory.objects, from, to);
      return copied && { ...copied, ...(to.endsWith("weights.json") && { sha256: "cd".repeat(32) }) };
    };
    expect((await memory.finish(runId)).error).toMatchObject({
      step: "register",
      name: "ModelFilesError",
      message: expect.stringMatching(/model\/weights\.json has SHA-256 cdcd.*, not .* as its artifact says/),
    });
    expect(await memory.engine.models.listVersions(name)).toEqual([]);
    expect(await memory.engine.models.listNames()).toEqual([]);
  });

  it("fails at once if the model cannot be registered, naming the field", async () => {
    const memory = new MemoryEngine([modelPipeline]);
    const runId = await begin(memory, "training", { params: { heldOut: "not a checksum" } });
    expect((await memory.finish(runId)).error).toMatchObject({
      step: "register",
      name: "ModelRequestError",
      message: expect.stringMatching(/^data\.0\.sha256: /),
    });
  });
});

/** Objects under the prefixes of the training and of the version, by path and content. */
async function filesOf(memory: MemoryEngine, runId: string) {
  const under = async (prefix: string) => {
    const uris = memory.objects.uris().filter((uri) => uri.startsWith(prefix));
    const bodies = await Promise.all(uris.map((uri) => memory.objects.get(uri)));
    return Object.fromEntries(
      uris.map((uri, place) => [uri.slice(prefix.length), Buffer.from(bodies[place] ?? "")]),
    );
  };
  return {
    sourceFiles: await under(`s3://data/runs/training/${runId}/train/0/1.1/`),
    keptFiles: await under("s3://data/models/ctr/00001/"),
  };
}

describe("two trainings that end at once", () => {
  const better = { logLoss: 0.39, pause: 100 };
  const worse = { logLoss: 0.40001, pause: 200 };

  it.each([
    ["the better one first", better, worse, 1],
    ["the worse one first", { ...better, pause: 200 }, { ...worse, pause: 100 }, 2],
    ["by less than the minimum gain", { ...better, logLoss: 0.40002, pause: 100 }, worse, 2],
    ["on different data", { ...better, heldOut: "cd".repeat(32), baseLogLoss: 0.43 }, worse, 2],
  ])("make the better one champion: %s", async (_, first, second, moves) => {
    for (const withChampion of [false, true]) {
      const memory = new MemoryEngine([modelPipeline]);
      if (withChampion) await trained(memory, { logLoss: 0.42 });
      const ids: string[] = [];
      for (const params of [first, second]) ids.push(await begin(memory, "training", { params }));
      await pass(memory, 400);
      expect(await Promise.all(ids.map((id) => runOf(memory, id)))).toMatchObject([
        { state: "SUCCEEDED" },
        { state: "SUCCEEDED" },
      ]);
      const log = await expectConsistent(memory);
      expect(log).toHaveLength(moves + (withChampion ? 1 : 0));
      const share = ({ logLoss, baseLogLoss = 0.45 }: { logLoss: number; baseLogLoss?: number }) =>
        logLoss / baseLogLoss;
      const winner = share(first) < share(second) ? ids[0] : ids[1];
      const champion = await memory.engine.models.getVersion(name, holderAfter(log) ?? 0);
      expect(champion?.registeredBy).toMatchObject({ runId: winner });
    }
  });
});

describe("a worker that dies while a model is registered and promoted", () => {
  it.each(crashings.filter(({ slowJobs }) => !slowJobs))(
    "$when any one of its calls leaves one complete version, and an alias that agrees with its log ($redelivered)",
    async (crashing) => {
      let points = 0;
      for (let at = 1; ; at += 1) {
        const memory = new MemoryEngine([modelPipeline]);
        await trained(memory, { logLoss: 0.42 });
        const { runId } = await startRun(memory.engine, {
          pipeline: "training",
          cause: { kind: "manual" },
          causeKey: "crashing",
        });
        const { seen } = await runWithCrash({ memory, runId }, at, crashing);
        expect(await runOf(memory, runId)).toMatchObject({ state: "SUCCEEDED" });
        expect(await outputOf(memory, runId, "promote")).toMatchObject({ promoted: true, version: 2 });
        expect(await memory.engine.models.listVersions(name)).toHaveLength(2);
        const moves = await expectConsistent(memory);
        expect(moves.map(({ to }) => to)).toEqual([1, 2]);
        if (!seen.crashed) break;
        points += 1;
      }
      expect(points).toBeGreaterThan(40);
    },
    120_000,
  );
});

describe("an alias that a person moves", () => {
  async function twoVersions() {
    const memory = new MemoryEngine([modelPipeline]);
    await trained(memory, { logLoss: 0.42 });
    await trained(memory, { logLoss: 0.4 });
    return memory;
  }
  const request = { name, alias, by: person, why: "calibration is off" };

  it("returns to its previous version, and no gate gives it back to the version that lost it", async () => {
    const memory = await twoVersions();
    const back = await rollBackAlias(memory.engine, { ...request, from: 2 });
    expect(back).toMatchObject({ kind: "rollback", from: 2, to: 1, by: person, why: "calibration is off" });
    const again = await trained(memory, { logLoss: 0.4 });
    expect(await outputOf(memory, again, "promote")).toMatchObject({
      version: 2,
      promoted: false,
      holder: 1,
      reason: expect.stringMatching(/^version 2 was rolled back from at .* \(calibration is off\)/),
    });
    await setAlias(memory.engine, { ...request, version: 2 });
    expect((await expectConsistent(memory)).map(({ kind, to }) => [kind, to])).toEqual([
      ["promotion", 1],
      ["promotion", 2],
      ["rollback", 1],
      ["set", 2],
    ]);
  });

  it.each([
    ["roll back a first version", { from: 1 }, /is version 1 and was no other version before/],
    [
      "roll back from a version that no longer has it",
      { from: 2 },
      /is version 1, not 2; nothing was changed/,
    ],
    ["set it to the version that has it", { version: 1 }, /is already version 1; nothing was changed/],
    ["set it to an unknown version", { version: 7 }, /"ctr" has no version 7/],
  ])("is unchanged after a request to %s", async (_, asked, message) => {
    const memory = new MemoryEngine([modelPipeline]);
    await trained(memory);
    const { engine } = memory;
    const done =
      "from" in asked
        ? rollBackAlias(engine, { ...request, from: asked.from })
        : setAlias(engine, { ...request, version: asked.version });
    await expect(done).rejects.toThrow(message);
    expect(await expectConsistent(memory)).toHaveLength(1);
  });

  it("is moved once by two concurrent requests, and the other one is refused with the reason", async () => {
    const { engine } = await twoVersions();
    const asked = ["ada", "bob"].map((who) =>
      rollBackAlias(engine, { ...request, from: 2, by: { person: who } }),
    );
    const answers = await Promise.allSettled(asked);
    expect(answers.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(answers.find(({ status }) => status === "rejected")).toMatchObject({
      reason: { name: "ModelAliasError", message: expect.stringContaining("moved by someone else just now") },
    });
  });
});
