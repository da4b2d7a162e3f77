"use strict";

// sls loads .cjs but not TypeScript, which Node 24 loads by itself.
const { checkedPipelines } = require("./checked-pipelines.ts");

/** Refuses to package pipelines with mistakes: the functions that load them, or their schedules, would never start. */
class DefinitionCheck {
  constructor(serverless) {
    this.serverless = serverless;
    const check = () => this.check();
    this.hooks = {
      "before:package:createDeploymentArtifacts": check,
      "before:deploy:function:packageFunction": check,
    };
  }

  async check() {
    try {
      await checkedPipelines();
    } catch (error) {
      throw new this.serverless.classes.Error(
        `Nothing was packaged: ${error.message}`,
        "PIPELINE_DEFINITION",
      );
    }
  }
}

module.exports = DefinitionCheck;
