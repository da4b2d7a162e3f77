import { readFileSync } from "node:fs";
import path from "node:path";
import { REPOSITORY } from "../../../local/stack/paths.ts";
import { type DeployedService, deployService } from "../deployed-service.ts";

const source = (file: string) => readFileSync(path.join(REPOSITORY, file), "utf8");

let service: DeployedService | undefined;
beforeAll(async () => {
  const copied = ["ctr-training", "poem-datalake", "ridge-sweep"].map((name) => `pipelines/${name}.ts`);
  service = await deployService({
    catalogue: {
      index: 'export { pipelines } from "../test/e2e/datasets/pipelines.ts";',
      sources: ["test/e2e/datasets/pipelines.ts"],
      files: Object.fromEntries(copied.map((file) => [file, source(file)])),
    },
  });
});
afterAll(() => service?.close());

/**
 * The service with the pipelines of `pipelines.ts`, deployed once for all tests of a file.
 *
 * @throws before it's deployed
 */
export function datasets(): DeployedService {
  if (service === undefined) throw new Error("the service is deployed before the tests, and was not");
  return service;
}
