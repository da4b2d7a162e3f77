"use strict";

const { join } = require("node:path");
// For serverless.yml: sls loads .cjs but not TypeScript, which Node 24 loads by itself.
const { jobFamilies, jobVersions } = require("./job-families.ts");
const { jobFunctions } = require("./job-functions.ts");

const root = join(__dirname, "..");

exports.template = async ({ resolveVariable }) =>
  jobFamilies(root, await resolveVariable("self:service"), await resolveVariable("sls:stage"));

exports.functions = async ({ resolveVariable }) => {
  const stage = await resolveVariable("sls:stage");
  return jobFunctions(root, {
    stage,
    service: await resolveVariable("self:service"),
    logRetentionDays: await resolveVariable(`self:custom.stages.${stage}.logRetentionDays`),
    jobLogs: process.env.MILLRACE_JOB_LOGS,
    pythons: JSON.parse(process.env.MILLRACE_FUNCTION_PYTHONS ?? "{}"),
  });
};

exports.versions = () => JSON.stringify(jobVersions(root));
