"use strict";

const { templateReport } = require("./template-limits.ts");

/** Reports how much of CloudFormation's limits a stack uses, and refuses to package a stack that exceeds them. */
class TemplateLimits {
  constructor(serverless, _options, { log }) {
    this.serverless = serverless;
    this.log = log;
    // At this point the template is complete, and nothing was uploaded.
    this.hooks = { "after:aws:package:finalize:mergeCustomProviderResources": () => this.check() };
  }

  check() {
    const { summary, warnings, errors } = templateReport(
      this.serverless.service.provider.compiledCloudFormationTemplate,
    );
    this.log.notice(summary);
    for (const warning of warnings) this.log.warning(`Close to a limit of AWS: ${warning}`);
    if (errors.length === 0) return;
    throw new this.serverless.classes.Error(
      `Beyond a limit of AWS, so that nothing can be deployed: ${errors.join("\n")}`,
      "TEMPLATE_TOO_LARGE",
    );
  }
}

module.exports = TemplateLimits;
