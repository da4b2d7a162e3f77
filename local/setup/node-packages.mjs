// The packages of package-lock.json, and the Node that runs the project's code.
import { existsSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import path from "node:path";
import { outputOf, runCommand } from "./install.mjs";
import { packageCache } from "./package-cache.mjs";
import { hashOf, NODE_BIN, ROOT } from "./project.mjs";
import { SetupError } from "./setup-error.mjs";

/** The Lambda runtime's version. Older ones don't run TypeScript, and lack modules that the local Batch server uses. */
const NODE_MAJOR = 24;

const lock = path.join(ROOT, "package-lock.json");
const node = path.join(NODE_BIN, "node");
const PACKAGED_NODE = path.join(
  ...[ROOT, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node"],
);

/** These options override a user's npmrc and environment. No package needs its install script. */
const CI_OPTIONS = [
  "--ignore-scripts",
  ...["--include=dev", "--include=optional", "--include=peer"],
  ...["--bin-links=true", "--global=false", "--dry-run=false"],
  ...["--package-lock=true", "--package-lock-only=false"],
  ...["--install-strategy=hoisted", "--engine-strict=false", "--workspaces=false"],
  ...["--no-fund", "--no-audit", "--progress=false", "--loglevel=http"],
];

async function installPackages() {
  let fetched = 0;
  const progress = (/** @type {string} */ line) => {
    // npm http fetch GET 200 https://…/name-1.0.0.tgz 33ms (cache miss)
    if (/http fetch GET 200 \S+\.tgz/.test(line)) fetched += 1;
    else if (/attempt \d+ failed/.test(line)) return line.replace(/^npm http fetch /, "");
    return fetched === 0 ? undefined : `${fetched} packages fetched`;
  };
  const cache = `--cache=${packageCache("npm", process.env.npm_config_cache, ".npm")}`;
  await runCommand("node packages", "npm", "npm", ["ci", ...CI_OPTIONS, cache], { root: ROOT, progress });
  provideNode();
  await checkPackages();
}

/** @param {string} command */
function majorOf(command) {
  return Number((outputOf(command, ["--version"]) ?? "").replace(/^v/, "").split(".")[0]);
}

/** Every `node` on the PATH, and the one that runs this script. */
function nodesOfMachine() {
  const folders = (process.env.PATH ?? "").split(path.delimiter);
  return [process.execPath, ...folders.map((folder) => path.join(folder, "node"))].filter(
    (file) => !file.startsWith(ROOT) && existsSync(file),
  );
}

/**
 * The Node to run the project with: one with the Lambda runtime's version, otherwise a newer one.
 * @param {{ file: string, major: number }[]} candidates
 * @returns {string | undefined}
 */
export function chooseNode(candidates) {
  const fitting =
    candidates.find(({ major }) => major === NODE_MAJOR) ??
    candidates.find(({ major }) => major > NODE_MAJOR);
  return fitting?.file;
}

/**
 * Links a Node among the programs of the packages: that of its own package, which npm 10 doesn't link, or the machine's
 * if no package provides one that runs (macOS, Alpine).
 */
function provideNode() {
  if (majorOf(node) === NODE_MAJOR) return;
  const candidates = [PACKAGED_NODE, ...nodesOfMachine()];
  const found = chooseNode(candidates.map((file) => ({ file, major: majorOf(file) })));
  if (found === undefined) {
    throw new SetupError(
      `no package brings a Node for ${process.platform} on ${process.arch}: install Node ${NODE_MAJOR} (nodejs.org), and put it on the PATH.`,
    );
  }
  rmSync(node, { force: true });
  symlinkSync(found === PACKAGED_NODE ? path.relative(NODE_BIN, found) : found, node);
}

/** Loads the packages that usually fail if they were installed for another machine, or only in part. */
function checkPackages() {
  const script = `
    require("esbuild").transformSync("let a: number = 1", { loader: "ts" });
    process.env.SWC_NATIVE_BINDING_CACHE = "0";
    require("@swc/core").transformSync("let a = 1");`;
  return runCommand("node packages", "Node", node, ["--eval", script], { root: ROOT });
}

/** @type {import("./project.mjs").Part} */
export const nodePackages = {
  name: "node packages",
  stamp: path.join(ROOT, "node_modules", ".millrace-setup"),
  wanted: () => hashOf(readFileSync(lock)),
  program: node,
  make: installPackages,
  check: () => {
    if (outputOf("npm", ["--version"]) === undefined)
      throw new SetupError("npm is missing: install Node with npm (nodejs.org).");
  },
};
