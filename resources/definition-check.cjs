"use strict";

const { execFile } = require("node:child_process");
const { join } = require("node:path");
const { promisify } = require("node:util");

/** Refuses to package pipelines with mistakes: no function that loads them would start, or their schedules never would. */
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
    const program = join(__dirname, "check-definitions.ts");
    try {
      // In a process of its own, as it loads what is to be deployed and not what sls has.
      await promisify(execFile)(process.execPath, [
        "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON",
        program,
      ]);
    } catch (error) {
      throw new this.serverless.classes.Error(
        `Nothing was packaged: ${String(error.stderr || error.message).trim()}`,
        "WRONG_DEFINITION",
      );
    }
  }
}

module.exports = DefinitionCheck;
