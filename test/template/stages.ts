import { type PackagedStage, packageStage } from "../packaged-template.ts";

type Stages = {
  readonly prod: PackagedStage;
  readonly local: PackagedStage;
  /** The engine alone, as in production. */
  readonly bare: PackagedStage;
};

let stages: Stages | undefined;

beforeAll(async () => {
  const nothing = { index: "export const pipelines = [];", sources: [] };
  const [prod, local, bare] = await Promise.all([
    packageStage("prod"),
    packageStage("local"),
    packageStage("prod", nothing),
  ]);
  stages = { prod, local, bare };
}, 180_000);

afterAll(() => {
  for (const stage of Object.values(stages ?? {})) stage.remove();
});

/** The stages, packaged once for all tests of one file. @throws before they are packaged */
export function packagedStages(): Stages {
  if (stages === undefined) throw new Error("the stages are packaged before the tests, and were not");
  return stages;
}
