"use strict";

const { undeployable } = require("./images/image-uri.ts");

/**
 * Refuses to deploy job definitions whose images don't exist: Batch itself would notice only when the first job starts.
 */
class ImageCheck {
  constructor(serverless) {
    this.serverless = serverless;
    // Late enough that the template exists, also with `sls deploy --package`, and before anything is changed.
    this.hooks = { "before:aws:deploy:deploy:createStack": () => this.check() };
  }

  async check() {
    const provider = this.serverless.getProvider("aws");
    const stage = provider.getStage();
    if (stage === "local") return;
    const { Resources } = this.serverless.service.provider.compiledCloudFormationTemplate;
    const account = await provider.getAccountId();
    const reasons = Object.values(Resources)
      .filter((resource) => resource.Type === "AWS::Batch::JobDefinition")
      .map((resource) =>
        undeployable(resource.Properties.ContainerProperties.Image, account, provider.getRegion()),
      )
      .filter((reason) => reason !== undefined);
    if (reasons.length > 0) {
      throw new this.serverless.classes.Error(
        `Nothing was deployed: ${reasons.join("; ")}. Run: npm run images -- --stage ${stage} --region ${provider.getRegion()}`,
        "IMAGES_NOT_BUILT",
      );
    }
  }
}

module.exports = ImageCheck;
