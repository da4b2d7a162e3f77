/**
 * Tries the two commands on fresh machines of many kinds, each in namespaces of its own, and prints a table of them.
 * `npm run fresh-machine` runs all, `npm run fresh-machine -- NAME…` those whose name holds one of these. Takes a Linux
 * that lets us make namespaces; from nothing the whole of it takes about an hour.
 */
import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { type Case, cases } from "./cases.ts";
import {
  bareClone,
  canMakeNamespaces,
  keptClone,
  type Outcome,
  onFreshMachine,
  pythonFolder,
  sharedCaches,
} from "./machine.ts";

const READY = "ready";
const LINES_SHOWN = 40;
const FILES_SHOWN = 5;

/** Everything that is wrong with an outcome, a text each. */
function problems({ code, says, wrong }: Case, outcome: Outcome): string[] {
  const found = wrong?.(outcome.output);
  return [
    ...(outcome.code === code ? [] : [`exit code ${outcome.code} in place of ${code}`]),
    ...(says === undefined || says.test(outcome.output) ? [] : [`says nothing like ${says}`]),
    ...(found === undefined ? [] : [found]),
    ...outcome.processes.map((process) => `leaves process ${process}`),
    ...outcome.files
      .slice(0, FILES_SHOWN)
      .map((file) => `leaves ${file}, one of ${outcome.files.length} files`),
  ];
}

/** Sets a clone up once for all cases that begin with one. */
async function readyClone(): Promise<string> {
  const clone = (await keptClone(READY)) ?? (await bareClone(READY));
  const { code, output } = await onFreshMachine({ clone, env: sharedCaches, command: "npm run setup" });
  if (code !== 0) throw new Error(`The set-up failed:\n${output}`);
  return clone;
}

async function tried(each: Case, ready: () => Promise<string>): Promise<Outcome> {
  const clone = each.clone === "ready" ? await ready() : await bareClone(each.folder ?? each.name);
  const caches = each.ownCaches === true ? {} : sharedCaches;
  const env = { ...caches, ...each.machine.env };
  try {
    return await onFreshMachine({ ...each.machine, env, clone });
  } finally {
    if (each.clone === "bare") rmSync(clone, { recursive: true, force: true });
  }
}

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { list: { type: "boolean", default: false } },
});
const chosen = cases.filter(
  ({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)),
);
if (values.list) {
  for (const { name, title } of chosen) console.log(`${name.padEnd(20)} ${title}`);
} else if (chosen.length === 0) {
  console.error("No case has such a name. See --list.");
  process.exitCode = 2;
} else if (!(await canMakeNamespaces())) {
  console.error(
    "This machine lets us make no namespaces: run it as root on a Linux with util-linux and iproute2.",
  );
  process.exitCode = 1;
} else {
  let made: Promise<string> | undefined;
  const ready = () => {
    made ??= readyClone();
    return made;
  };
  console.log("| machine | result | seconds |\n|---|---|---|");
  for (const each of chosen) {
    const { python } = each.machine;
    if (python !== undefined && (await pythonFolder(python)) === undefined) {
      console.log(`| ${each.title} | not on this machine | |`);
      continue;
    }
    const outcome = await tried(each, ready);
    const found = problems(each, outcome);
    console.log(`| ${each.title} | ${found.length === 0 ? "✓" : "✗"} | ${outcome.seconds.toFixed(0)} |`);
    if (found.length > 0) {
      process.exitCode = 1;
      const end = outcome.output.trim().split("\n").slice(-LINES_SHOWN);
      console.error(`${each.name}: ${found.join("\n  ")}\n${end.join("\n")}`);
    }
  }
}
