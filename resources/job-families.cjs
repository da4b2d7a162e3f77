"use strict";

const { join } = require("node:path");
// For serverless.yml: sls loads .cjs but not TypeScript, which Node 24 loads by itself.
const { jobFamilies, jobVersions } = require("./job-families.ts");

exports.template = async ({ resolveVariable }) =>
  jobFamilies(
    join(__dirname, ".."),
    await resolveVariable("self:service"),
    await resolveVariable("sls:stage"),
  );

exports.versions = () => JSON.stringify(jobVersions(join(__dirname, "..")));
