import { type DeployedService, deployService, keepTicking } from "./deployed-service.ts";
import { blockingScenarios } from "./kinds/blocking.ts";
import { childScenarios } from "./kinds/children.ts";
import { modelScenarios } from "./kinds/models.ts";
import { noticeScenario } from "./kinds/notices.ts";
import { runScenarios } from "./kinds/runs.ts";
import type { Scenario } from "./kinds/scenario.ts";
import { arrivalScenario, waitingScenarios } from "./kinds/waiting.ts";
import { chainScenario, workScenarios } from "./kinds/work.ts";

/** Scenarios that the others, or the sweeps, would disturb. */
const first = [arrivalScenario, chainScenario];
const scenarios = [
  ...waitingScenarios,
  ...childScenarios,
  ...workScenarios,
  ...runScenarios,
  noticeScenario,
  ...modelScenarios,
];
/** Scenarios that would disturb the others. They run one after the other. */
const last = blockingScenarios;
const lives = new Map<string, Promise<void>>();
let service: DeployedService | undefined;
let stopTicking = async () => {};

/** Starts all scenarios but the last at once: they mostly wait. Each test then waits for its own. */
beforeAll(async () => {
  const deployed = await deployService({
    catalogue: {
      index: 'export { pipelines } from "../test/e2e/kinds-pipelines.ts";',
      sources: [
        ...["test/e2e/kinds-pipelines.ts", "test/e2e/blocking-pipelines.ts"],
        ...["test/engine/model-pipeline.ts", "test/e2e/jobs/trial"],
      ],
      families: ["test/e2e/jobs/trial"],
    },
    vcpus: 8,
  });
  service = deployed;
  const live = (group: readonly Scenario[]) => {
    for (const { name, live } of group) lives.set(name, live(deployed));
    // The scenario's own test reports its failure.
    return Promise.allSettled(lives.values());
  };
  await live(first);
  stopTicking = keepTicking(deployed, 2000);
  let before: Promise<unknown> = live(scenarios);
  for (const { name, live } of last) {
    const alone = before.then(() => live(deployed));
    lives.set(name, alone);
    before = alone.catch(() => undefined);
  }
});

afterAll(async () => {
  await Promise.allSettled(lives.values());
  await stopTicking();
  await service?.close();
});

describe("on the deployed stack", () => {
  it.each([...first, ...scenarios, ...last])("$name", ({ name }) => lives.get(name));
});
