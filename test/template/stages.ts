import { type PackagedStage, packageStage } from "../packaged-template.ts";

type Stages = { readonly prod: PackagedStage; readonly local: PackagedStage };

let stages: Stages | undefined;

beforeAll(async () => {
  const [prod, local] = await Promise.all([packageStage("prod"), packageStage("local")]);
  stages = { prod, local };
}, 180_000);

afterAll(() => {
  stages?.prod.remove();
  stages?.local.remove();
});

/** The stages, packaged once for all tests of one file. @throws before they are packaged */
export function packagedStages(): Stages {
  if (stages === undefined) throw new Error("the stages are packaged before the tests, and were not");
  return stages;
}
