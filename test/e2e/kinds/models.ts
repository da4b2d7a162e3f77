import { createHash } from "node:crypto";
import { join } from "node:path";
import { execa } from "execa";
import { VENV } from "../../../local/stack/paths.ts";
import { dynamoModelRegistry } from "../../../shared/adapters/aws/dynamo-model-registry.ts";
import { dynamoClient } from "../../../shared/adapters/aws/dynamo-table.ts";
import { modelFiles } from "../../engine/model-pipeline.ts";
import type { DeployedService } from "../deployed-service.ts";
import { type Scenario, started } from "./scenario.ts";

function registryOf({ stack }: DeployedService) {
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  const client = dynamoClient({ endpoint: stack.awsEndpoint, region: stack.region, credentials });
  return dynamoModelRegistry({ client, name: "millrace-local" });
}

const sha256 = (body: string) => createHash("sha256").update(body).digest("hex");

/** Models that a deployed pipeline registers and promotes. */
export const modelScenarios: readonly Scenario[] = [
  {
    name: "two concurrent trainings make the better model champion, and a person can roll back",
    async live(service) {
      // If the machine is so busy that one training begins after the other has ended, it's compared with that one's
      // model.
      const losses = [
        { logLoss: 0.4, championLogLoss: 0.39 },
        { logLoss: 0.39, championLogLoss: 0.4 },
      ];
      const ids = await Promise.all(
        losses.map((params) =>
          started(service, "training", String(params.logLoss), { params: { ...params, pause: 1 } }),
        ),
      );
      for (const id of ids) expect(await service.finished(id)).toMatchObject({ state: "SUCCEEDED" });

      const models = registryOf(service);
      const versions = await models.listVersions("ctr");
      const best = versions.find(({ metrics }) => metrics.testLogLoss === 0.39);
      expect(versions).toHaveLength(2);
      expect(await models.getAlias("ctr", "champion")).toBe(best?.version);
      expect(best?.training).toMatchObject({ pipeline: "training", runId: ids[1], step: "train" });
      expect(best?.commit).toMatch(/^[0-9a-f]{40}(-dirty)?$|^unknown: /);

      const { stdout } = await execa(join(VENV, "bin", "python"), ["test/e2e/kinds/download_model.py"], {
        env: service.stack.env,
        input: JSON.stringify(best),
      });
      expect(JSON.parse(stdout)).toEqual(modelFiles(0.39).map(([path, body]) => [path, sha256(body)]));

      const moves = await models.listMoves("ctr", "champion");
      const request = {
        action: "model-rollback",
        name: "ctr",
        from: best?.version,
        by: "ada",
        why: "a trial",
      };
      if (moves.length === 1)
        await expect(service.manage(request)).rejects.toThrow("was no other version before");
      else expect(await service.manage(request)).toMatchObject({ kind: "rollback", to: moves[0]?.to });
    },
  },
];
