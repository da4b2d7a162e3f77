/**
 * Runs the tests of both languages and ends with one line, `N passed, N failed`. Arguments limit the run: `npm test --
 * shared/run batch-jobs/tests/test_ridge_source.py`. Paths of Python files go to pytest, all others to jest.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as z from "zod";
import { endedWith } from "../local/process/end.mjs";
import { stopSignal } from "../local/process/stop-requests.mjs";
import { startTied, type Tied } from "../local/process/tied.mjs";
import { CACHE, NODE_BIN, REPOSITORY, VENV } from "../local/stack/paths.ts";
import { slowestFiles } from "./slowest-files.ts";
import { temporaryFolder } from "./temporary-folder.ts";

type Count = { passed: number; failed: number };
type Run = { temporary: string; env: NodeJS.ProcessEnv; stop: AbortSignal };

/** How long programs that tests started and didn't wait for may take to end by themselves. */
const LEFT_MS = 10_000;

/** A test file says this if its jobs need torch. Torch is large, so it's installed only then. */
const NEEDS_TORCH = "@needs torch";

/** A runner that died without a report has failed, whatever it counted until then. */
function reportOr(file: string, read: (text: string) => Count): Count {
  try {
    return read(readFileSync(file, "utf8"));
  } catch {
    return { passed: 0, failed: 1 };
  }
}

/** Waits for a program, and ends it if the run is stopped. Returns what it printed, if that was asked for. */
async function finished({ child, ended, end }: Tied, stop: AbortSignal): Promise<string> {
  const stopped = () => void end();
  stop.addEventListener("abort", stopped);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  }
  await ended;
  stop.removeEventListener("abort", stopped);
  return output;
}

const jestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numRuntimeErrorTestSuites: z.number(),
});

const jestCommand = (args: readonly string[]) => [join(NODE_BIN, "jest"), ...args];

async function jest(args: readonly string[], { temporary, env, stop }: Run): Promise<Count> {
  const file = join(temporary, "jest.json");
  const command = jestCommand(["--json", `--outputFile=${file}`, ...args]);
  // Its JSON goes to the file, and its output for people to stderr.
  const stdio = { stdout: "ignore", stderr: "inherit" } as const;
  await finished(startTied(join(NODE_BIN, "node"), command, { cwd: REPOSITORY, env, ...stdio }), stop);
  return reportOr(file, (text) => {
    const report = jestReport.parse(JSON.parse(text));
    return {
      passed: report.numPassedTests,
      failed: report.numFailedTests + report.numRuntimeErrorTestSuites,
    };
  });
}

/** Prints pytest's output only when `others` have ended, so that it doesn't mix with theirs. */
async function pytest(
  args: readonly string[],
  others: Promise<unknown>,
  { temporary, env, stop }: Run,
): Promise<Count> {
  const file = join(temporary, "pytest.xml");
  const started = startTied(
    join(VENV, "bin", "python"),
    ["-m", "pytest", "-q", `--junitxml=${file}`, ...args],
    {
      cwd: join(REPOSITORY, "batch-jobs"),
      // Packages are installed uncompiled. If a process may not keep what it compiles, the next one compiles it again.
      env: { ...env, PYTHONDONTWRITEBYTECODE: "", COLUMNS: "100" },
      ...({ stdout: "pipe", stderr: "pipe" } as const),
    },
  );
  const output = await finished(started, stop);
  await others;
  console.log(output);
  return reportOr(file, (text) => {
    const count = (name: string) =>
      Number(new RegExp(`<testsuite [^>]*\\b${name}="(\\d+)"`).exec(text)?.[1] ?? Number.NaN);
    const failed = count("failures") + count("errors");
    const passed = z.number().parse(count("tests") - failed - count("skipped"));
    return { passed, failed };
  });
}

/** The test files that jest would run for these arguments. */
async function jestFiles(args: readonly string[], { env, stop }: Run): Promise<string[]> {
  const stdio = { stdout: "pipe", stderr: "inherit" } as const;
  const command = jestCommand(["--listTests", ...args]);
  const listed = startTied(join(NODE_BIN, "node"), command, { cwd: REPOSITORY, env, ...stdio });
  return (await finished(listed, stop)).split("\n").filter((line) => line !== "");
}

function needsTorch(files: readonly string[]): boolean {
  return files.some((file) => readFileSync(file, "utf8").includes(NEEDS_TORCH));
}

/** Returns whether torch is installed afterwards. */
async function installTorch({ env, stop }: Run): Promise<boolean> {
  const stdio = { stdout: "inherit", stderr: "inherit" } as const;
  const script = [join(REPOSITORY, "local", "setup.mjs"), "--torch"];
  const setUp = startTied(join(NODE_BIN, "node"), script, { cwd: REPOSITORY, env, ...stdio });
  await finished(setUp, stop);
  return (await setUp.ended).code === 0;
}

/** The path of a Python test without the part from `::`, as pytest takes it; undefined for everything else. */
function pythonFile(arg: string): string | undefined {
  const [file = ""] = arg.split("::");
  return file.endsWith(".py") && existsSync(join(REPOSITORY, file)) ? join(REPOSITORY, file) : undefined;
}

async function runTests(args: readonly string[], run: Run): Promise<Count[]> {
  const ofPytest = args.filter((arg) => pythonFile(arg) !== undefined);
  const ofJest = args.filter((arg) => !ofPytest.includes(arg));
  const isAll = args.length === 0;
  const files = async () => [
    ...ofPytest.flatMap((arg) => pythonFile(arg) ?? []),
    ...(ofJest.length > 0 ? await jestFiles(ofJest, run) : []),
  ];
  if ((isAll || needsTorch(await files())) && !(await installTorch(run))) return [{ passed: 0, failed: 1 }];
  // Side by side, because jest spends much of its time waiting for a stack or its jobs.
  const counts: Promise<Count>[] = [];
  if (isAll || ofJest.length > 0) counts.push(jest(ofJest, run));
  const paths = ofPytest.map((arg) => join(REPOSITORY, arg));
  if (isAll || paths.length > 0) counts.push(pytest(paths, Promise.all(counts), run));
  return Promise.all(counts);
}

const { signal: stop, exitCode } = stopSignal();
/** Everything that tests and their programs leave in folders for temporary files, and in the home folder. */
const { folder: temporary, remove } = temporaryFolder();
const env = {
  ...process.env,
  TMPDIR: temporary,
  HOME: temporary,
  MPLCONFIGDIR: join(CACHE, "matplotlib"),
};
const counts = await runTests(process.argv.slice(2), { temporary, env, stop });
console.log(slowestFiles({ jest: join(temporary, "jest.json"), pytest: join(temporary, "pytest.xml") }));
// Programs that tests started may still be ending, and would write into the folder while it's removed.
await endedWith(temporary, LEFT_MS);
remove();
const sum = (what: keyof Count) => counts.reduce((total, count) => total + count[what], 0);
console.log(`${sum("passed")} passed, ${sum("failed")} failed`);
process.exitCode = exitCode() ?? (sum("failed") === 0 ? 0 : 1);
