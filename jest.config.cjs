const { existsSync, mkdirSync } = require("node:fs");
const { availableParallelism } = require("node:os");
const { join } = require("node:path");

/**
 * Packages that are ES modules only. Jest runs CommonJS, so these are transformed like our own sources; everything else
 * in node_modules is used unchanged.
 */
const esModules = [
  "execa",
  "@sec-ant/readable-stream",
  "@sindresorhus/merge-streams",
  "figures",
  "get-stream",
  "human-signals",
  "is-plain-obj",
  "is-stream",
  "is-unicode-supported",
  "npm-run-path",
  "parse-ms",
  "path-key",
  "pretty-ms",
  "strip-final-newline",
  "unicorn-magic",
  "yoctocolors",
  "log-update",
  "ansi-escapes",
  "ansi-regex",
  "ansi-styles",
  "cli-cursor",
  "environment",
  "get-east-asian-width",
  "is-fullwidth-code-point",
  "mimic-function",
  "onetime",
  "restore-cursor",
  "signal-exit",
  "slice-ansi",
  "string-width",
  "strip-ansi",
  "wrap-ansi",
  "@middy",
  "@bomb.sh",
  "d3-array",
  "internmap",
];

// Otherwise swc unpacks itself into the user's home folder. It requires a folder that nobody else can read.
process.env.SWC_NATIVE_BINDING_CACHE ??= join(__dirname, ".cache", "swc");
mkdirSync(process.env.SWC_NATIVE_BINDING_CACHE, { recursive: true, mode: 0o700 });

/** @type {import("jest").Config} */
module.exports = {
  testEnvironment: "node",
  testSequencer: "<rootDir>/test/e2e-first.cjs",
  cacheDirectory: join(__dirname, ".cache", "jest"),
  roots: ["shared", "functions", "pipelines", "cli", "local", "resources", "templates", "test", "batch-jobs"]
    .map((folder) => join(__dirname, folder))
    .filter((folder) => existsSync(folder)),
  testMatch: ["**/*.test.ts"],
  transform: {
    "\\.[cm]?[jt]s$": ["@swc/jest", { jsc: { parser: { syntax: "typescript" }, target: "es2024" } }],
  },
  transformIgnorePatterns: [`/node_modules/(?!(${esModules.join("|")})/)`],
  // Packages whose entry point is only for `import`; jest resolves like `require`.
  moduleNameMapper: {
    "^unicorn-magic$": "<rootDir>/node_modules/unicorn-magic/node.js",
  },
  clearMocks: true,
  // Only a hang takes this long, however slow or busy the machine is. No test has a limit of its own: how long its work
  // takes depends on what else the machine does.
  testTimeout: 600_000,
  // Three even on two cores, where jest would use one: the tests spend much of their time waiting for a stack or its
  // jobs.
  maxWorkers: Math.max(3, availableParallelism() - 1),
};
