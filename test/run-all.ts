/**
 * Runs the tests of both languages and ends with one line, `N passed, N failed`. Arguments go to jest and limit the run
 * to it: `npm test -- shared/run`.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import * as z from "zod";

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

async function pytest(): Promise<Count> {
  const file = join(temporary, "pytest.xml");
  const command = join(root, ".venv", "bin", "pytest");
  const flags = ["-q", `--junitxml=${file}`];
  await execa(command, flags, { cwd: join(root, "batch-jobs"), env, reject: false, stdio: "inherit" });
  return reportOr(file, (text) => {
    const count = (name: string) =>
      Number(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`).exec(text)?.[1] ?? Number.NaN);
    const failed = count("failures") + count("errors");
    const passed = z.number().parse(count("tests") - failed - count("skipped"));
    return { passed, failed };
  });
}

const args = process.argv.slice(2);
const counts = [await jest(args), ...(args.length === 0 ? [await pytest()] : [])];
rmSync(temporary, { recursive: true, force: true });
const sum = (what: keyof Count) => counts.reduce((total, count) => total + count[what], 0);
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
process.exitCode = sum("failed") === 0 ? 0 : 1;
