import { dynamoModelRegistry } from "../../shared/adapters/aws/dynamo-model-registry.ts";
import { holderAfter } from "../../shared/models/alias-log.ts";
import { promoteVersion } from "../../shared/models/promote-version.ts";
import { registerVersion } from "../../shared/models/register-version.ts";
import type { Promotion, PromotionRequest } from "../../shared/pipeline/model.ts";
import type { Engine } from "../../shared/ports/engine.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { dynamoTables } from "./dynamo-tables.ts";
import { versionOf } from "./model-registry.contract.ts";

// Trainings that really end at once: their calls to one table are under way at the same time.

const name = "ctr";
const by = (runId: string, step = "promote") => ({ runId, step, index: 0 });

function requestFor(version: number, logLoss: number, champion: number | null): PromotionRequest {
  return {
    name,
    version,
    alias: "champion",
    evaluation: {
      candidate: { logLoss },
      champion: champion === null ? null : { logLoss: 0.42 },
      base: { logLoss: 0.45 },
      against: champion,
      data: "october",
    },
    gate: { metric: "logLoss", better: "lower", minimumGain: 0.001 },
  };
}

describe("trainings that end concurrently", () => {
  const newTable = dynamoTables();
  async function newEngine(): Promise<Engine> {
    return { ...new MemoryEngine([]).engine, models: dynamoModelRegistry(await newTable()) };
  }

  it.each([0, 1, 2, 3, 4])(
    "leave the best model as the only champion, and a log that agrees (round %d)",
    async (round) => {
      const engine = await newEngine();
      const { models } = engine;
      const first = round % 2 === 0;
      for (let version = 1; version <= 9; version += 1) await models.putVersion(versionOf(name, version));
      if (!first) await promoteVersion(engine, requestFor(9, 0.42, null), by("earlier"));
      // Some are better by almost nothing, and no gate accepts one of them. Which comes first differs by round.
      const losses = [0.39, 0.390001, 0.395, 0.41, 0.3899999, 0.4499, 0.4, 0.391];
      const versions = losses.map((_, place) => ((place * 3 + round) % losses.length) + 1);
      // Each step runs twice, as steps may.
      const promotions: Promotion[] = await Promise.all(
        [...versions, ...versions].map((version) =>
          promoteVersion(
            engine,
            requestFor(version, losses[version - 1] ?? 1, first ? null : 9),
            by(`run-${version}`),
          ),
        ),
      );
      const moves = await models.listMoves(name, "champion");
      expect(holderAfter(moves)).toBe(5);
      expect(await models.getAlias(name, "champion")).toBe(5);
      expect(moves.map(({ number, from }) => [number, from])).toEqual(
        moves.map((_, place) => [place + 1, moves[place - 1]?.to ?? null]),
      );
      // Each promotion that was reported is in the log exactly once, and the log has no others.
      const promoted = new Set(promotions.filter(({ promoted }) => promoted).map(({ version }) => version));
      const logged = moves.map(({ to }) => to).filter((version) => version !== 9);
      expect([...promoted].sort()).toEqual(logged.toSorted());
      expect(promotions.slice(8).map(({ promoted }) => promoted)).toEqual(
        promotions.slice(0, 8).map(({ promoted }) => promoted),
      );
    },
  );

  it("get one complete version each, and a repeated one gets its own again", async () => {
    const engine = await newEngine();
    const modelOf = async (place: number) => {
      const uri = engine.objects.locate(`runs/training/run-${place}/train/0/1.1/model`);
      const body = `model ${place}`;
      const { versionId } = await engine.objects.put(`${uri}/MLmodel`, body, "text/plain");
      const copy = await engine.objects.copy(
        { uri: `${uri}/MLmodel`, versionId },
        engine.objects.locate("tmp/x"),
      );
      const sha256 = copy?.sha256 ?? "";
      return {
        uri,
        files: [{ uri: `${uri}/MLmodel`, versionId, sha256, bytes: body.length, mediaType: "text/plain" }],
      };
    };
    const models = await Promise.all([0, 1, 2, 3].map(modelOf));
    const registered = await Promise.all(
      [...models, ...models].map((model, place) =>
        registerVersion(
          engine,
          { name, model, metrics: {}, parameters: {}, data: [], tags: {}, attachments: {} },
          { registeredBy: by(`run-${place % 4}`, "register"), commit: "unknown" },
        ),
      ),
    );
    expect(registered.map(({ version }) => version).toSorted()).toEqual([1, 1, 2, 2, 3, 3, 4, 4]);
    expect(registered.slice(4).map(({ version }) => version)).toEqual(
      registered.slice(0, 4).map(({ version }) => version),
    );
    for (const [place, { version, model, source }] of registered.entries()) {
      expect(source).toBe(models[place % 4]?.uri);
      expect(model.uri).toBe(engine.objects.locate(`models/ctr/0000${version}/model/`));
      expect(Buffer.from((await engine.objects.get(`${model.uri}MLmodel`)) ?? "").toString()).toBe(
        `model ${place % 4}`,
      );
    }
  });
});
