"use strict";

// For serverless.yml: sls loads .cjs but not TypeScript, which Node 24 loads by itself.
const { gitCommit } = require("./git-commit.ts");

exports.commit = () => gitCommit(__dirname);
