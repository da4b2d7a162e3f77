"use strict";

// For serverless.yml: sls loads .cjs but not TypeScript, which Node 24 loads by itself.
const { observability } = require("./observability/observability.ts");

exports.template = async ({ resolveVariable }) => {
  const [service, stage] = [await resolveVariable("self:service"), await resolveVariable("sls:stage")];
  return observability({ service, stage }, await resolveVariable(`self:custom.stages.${stage}`));
};
