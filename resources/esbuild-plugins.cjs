"use strict";

// For resources/esbuild.yml: serverless-esbuild takes one file of plugins, and no TypeScript.
const leftOut = require("./left-out.cjs");
const { pipelineParts } = require("./pipeline-parts.ts");

module.exports = [...leftOut, pipelineParts];
