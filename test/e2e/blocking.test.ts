import { lossesTo, type StepRecord } from "../../shared/state/step-record.ts";
import { type DeployedService, deployService, keepTicking } from "./deployed-service.ts";

jest.setTimeout(240_000);

let service: DeployedService | undefined;
let stopTicking = async () => {};

beforeAll(async () => {
  service = await deployService({
    catalogue: {
      index: 'export { pipelines } from "../test/e2e/blocking-pipelines.ts";',
      sources: ["test/e2e/blocking-pipelines.ts"],
      families: [],
    },
    vcpus: 1,
  });
  stopTicking = keepTicking(service, 2000);
});

afterAll(async () => {
  await stopTicking();
  await service?.close();
});

/** Runs a pipeline to its end, and returns its run and its records. */
async function ended(pipeline: string) {
  if (service === undefined) throw new Error("nothing is deployed");
  const { runId } = await service.start({ pipeline });
  const run = await service.finished(runId);
  const records = (await service.store.listSteps(runId)) as readonly StepRecord[];
  return { run, records };
}

describe("a function that blocks its worker", () => {
  it("and would return too late has timed out", async () => {
    const { run, records } = await ended("busy");
    expect(run).toMatchObject({ state: "FAILED", error: { step: "compute", name: "TimeoutError" } });
    expect(records).toMatchObject([
      { state: "TIMED_OUT", attempt: 1, error: { message: expect.stringContaining("blocked its worker") } },
    ]);
  });

  it("for ever has timed out, and all those beside it succeed without a lost attempt", async () => {
    const { run, records } = await ended("endless");
    expect(run).toMatchObject({ state: "FAILED", error: { step: "each[0]", name: "TimeoutError" } });
    const children = records.filter(({ index }) => index !== "map");
    expect(children.map(({ state, attempt }) => `${state} ${attempt}`)).toEqual([
      "TIMED_OUT 1",
      ...Array<string>(5).fill("SUCCEEDED 1"),
    ]);
    expect(children[0]).toMatchObject({ error: { message: expect.stringContaining("each[0] blocked") } });
    expect(children.map((each) => lossesTo(each, "worker"))).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
