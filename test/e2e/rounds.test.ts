import { type DeployedService, deployService } from "./deployed-service.ts";
import { liveRound, roundsCatalogue } from "./rounds/round.ts";

const seed = Date.now() % 1_000_000;

let service: DeployedService;
beforeAll(async () => {
  service = await deployService({ catalogue: roundsCatalogue(seed, 1), vcpus: 4 });
});
afterAll(() => service.close());

it(`random runs survive a round of injected faults on real services (seed ${seed})`, async () => {
  const { violations, killed, crashed } = await liveRound(service, seed, 0, 10_000);
  expect(violations).toEqual([]);
  expect(killed + crashed).toBeGreaterThan(1);
});
