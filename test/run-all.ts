/**
 * Runs the tests of both languages and ends with one line, `N passed, N failed`. Arguments go to jest and limit the run
 * to it: `npm test -- shared/run`.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import * as z from "zod";
import { slowestFiles } from "./slowest-files.ts";

const root = join(import.meta.dirname, "..");
/** All that tests and what they start leave in folders for temporary files; its path is short, for sockets in it. */
const temporary = mkdtempSync(join(tmpdir(), "millrace-"));
const env = { TMPDIR: temporary };
type Count = { passed: number; failed: number };

/** A runner that died without a report has failed, whatever it counted until then. */
function reportOr(file: string, read: (text: string) => Count): Count {
  try {
    return read(readFileSync(file, "utf8"));
  } catch {
    return { passed: 0, failed: 1 };
  }
}

const jestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numRuntimeErrorTestSuites: z.number(),
});

async function jest(args: readonly string[]): Promise<Count> {
  const file = join(temporary, "jest.json");
  const flags = ["--json", `--outputFile=${file}`, ...args];
  // Its JSON goes to the file; what it prints for people goes to stderr.
  await execa("jest", flags, {
    ...{ cwd: root, env },
    preferLocal: true,
    reject: false,
    stdout: "ignore",
    stderr: "inherit",
  });
  return reportOr(file, (text) => {
    const report = jestReport.parse(JSON.parse(text));
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
    };
  });
}

/** What it prints comes when `others` have ended, so that it does not mix with theirs. */
async function pytest(others: Promise<unknown>): Promise<Count> {
  const file = join(temporary, "pytest.xml");
  const command = join(root, ".venv", "bin", "pytest");
  const flags = ["-q", `--junitxml=${file}`];
  const { all } = await execa(command, flags, {
    cwd: join(root, "batch-jobs"),
    // Packages are installed uncompiled, and each process that may not keep what it compiles does it anew.
    env: { ...env, PYTHONDONTWRITEBYTECODE: "" },
    ...{ reject: false, all: true, stdin: "ignore" },
  });
  await others;
  console.log(all);
  return reportOr(file, (text) => {
    const count = (name: string) =>
      Number(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`).exec(text)?.[1] ?? Number.NaN);
    const failed = count("failures") + count("errors");
    const passed = z.number().parse(count("tests") - failed - count("skipped"));
    return { passed, failed };
  });
}

const args = process.argv.slice(2);
// Beside each other, as much of jest's time is waiting for a stack or its jobs.
const ofJest = jest(args);
const counts = await Promise.all([ofJest, ...(args.length === 0 ? [pytest(ofJest)] : [])]);
console.log(slowestFiles({ jest: join(temporary, "jest.json"), pytest: join(temporary, "pytest.xml") }));
rmSync(temporary, { recursive: true, force: true });
const sum = (what: keyof Count) => counts.reduce((total, count) => total + count[what], 0);
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
process.exitCode = sum("failed") === 0 ? 0 : 1;
