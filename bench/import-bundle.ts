/**
 * Imports a function's bundle in this process, which was started for it, and prints milliseconds: those of the modules
 * that the bundle leaves to the runtime, then those of the bundle itself.
 *
 * Arguments: the bundle, then the modules.
 */
import { createRequire } from "node:module";

const [bundle = "", ...external] = process.argv.slice(2);
const require = createRequire(bundle);

function timed(load: () => void): number {
  const start = performance.now();
  load();
  return performance.now() - start;
}

const sdk = timed(() => {
  for (const name of external) require(name);
});
const own = timed(() => require(bundle));
console.log(JSON.stringify({ sdk, own }));
