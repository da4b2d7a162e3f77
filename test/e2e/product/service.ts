import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { REPOSITORY } from "../../../local/stack/paths.ts";
import { type DeployedService, deployService } from "../deployed-service.ts";

const source = (file: string) => readFileSync(path.join(REPOSITORY, "pipelines", file), "utf8");
const files = readdirSync(path.join(REPOSITORY, "pipelines")).filter((file) => !file.endsWith(".test.ts"));

let service: DeployedService | undefined;
beforeAll(async () => {
  service = await deployService({
    catalogue: {
      index: `import type { Pipeline } from "../shared/pipeline/index.ts";
        import { ridgeSweepOnBatch } from "../test/e2e/product/on-batch.ts";
        import { pipelines as product } from "./product.ts";
        export const pipelines: readonly Pipeline[] = [...product, ridgeSweepOnBatch];`,
      sources: ["test/e2e/product/on-batch.ts"],
      files: Object.fromEntries(
        files.map((file) => [`pipelines/${file.replace(/^index\.ts$/, "product.ts")}`, source(file)]),
      ),
    },
  });
});
afterAll(() => service?.close());

/**
 * The product with its own catalogue and one pipeline more, deployed once for all tests of a file.
 *
 * @throws before it's deployed
 */
export function product(): DeployedService {
  if (service === undefined) throw new Error("the product is deployed before the tests, and was not");
  return service;
}
