/**
 * Imports a function's bundle in this process, which was started for it, and then a pipeline of its package. Prints
 * milliseconds for the modules that the bundle leaves to the runtime, for the bundle itself (and its CPU time), and for
 * the pipeline; then the files that the bundle and the pipeline loaded.
 *
 * Arguments: the bundle, the pipeline's name or an empty text, then the modules.
 */
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";

const [bundle = "", pipeline = "", ...external] = process.argv.slice(2);
const require = createRequire(bundle);
const folder = dirname(bundle);

function timed(load: () => void): number {
  const start = performance.now();
  load();
  return performance.now() - start;
}

const ownFiles = () =>
  Object.keys(require.cache)
    .map((file) => relative(folder, file))
    .filter((file) => !file.startsWith(".."));

const sdk = timed(() => {
  for (const name of external) require(name);
});
const before = process.cpuUsage();
const own = timed(() => require(bundle));
const used = process.cpuUsage(before);
const cpu = (used.user + used.system) / 1000;
const files = ownFiles();
const parts = pipeline === "" ? 0 : timed(() => require(join(bundle.replace(/\.js$/, ".parts"), pipeline)));
const later = ownFiles().filter((file) => !files.includes(file));
console.log(JSON.stringify({ sdk, own, cpu, parts, files, later }));
