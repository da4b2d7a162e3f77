import { type DeployedService, deployService } from "../deployed-service.ts";

let service: DeployedService | undefined;
beforeAll(async () => {
  service = await deployService();
});
afterAll(() => service?.close());

/** The product with its own catalogue, deployed once for all tests of a file. @throws before it's deployed */
export function product(): DeployedService {
  if (service === undefined) throw new Error("the product is deployed before the tests, and was not");
  return service;
}
