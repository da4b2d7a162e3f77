import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BenchService, startBenchService } from "./bench-service.ts";
import { finishedRun } from "./finished-run.ts";
import { measured, type Taken } from "./measured.ts";
import { chain } from "./pipelines.ts";
import { pythonEnvironment } from "./python-environment.ts";
import { type MeasureOptions, type Report, spreadOf } from "./report.ts";

const defaultRounds = 11;
const millrace = join(import.meta.dirname, "..", "millrace");

/** A command, and the max. share of `prefect version`'s time that it may take, if it has a budget. */
type Call = {
  readonly name: string;
  readonly command: readonly string[];
  readonly budget?: number;
  readonly taken: Taken[];
};

const callOf = (words: readonly string[], budget?: number): Call => ({
  name: `millrace ${words.join(" ")}`,
  command: [millrace, ...words],
  ...(budget !== undefined && { budget }),
  taken: [],
});

/** Runs the commands in turns. Each runs once before the measurement, which fills the caches of both sides. */
async function compare(calls: readonly Call[], env: Record<string, string>, rounds: number): Promise<void> {
  for (const { command } of calls) await measured(command, env);
  for (let round = 0; round < rounds; round += 1) {
    for (const { command, taken } of calls) taken.push(await measured(command, env));
  }
}

const milliseconds = ({ taken }: Call) => spreadOf(taken.map(({ seconds }) => seconds * 1000));
const processor = ({ taken }: Call) => spreadOf(taken.map(({ cpuSeconds }) => cpuSeconds * 1000));

function reportOf(prefect: Call, calls: readonly Call[], rounds: number): Report {
  const whole = milliseconds(prefect).median;
  const part = (call: Call) => milliseconds(call).median / whole;
  return {
    tables: [
      {
        title: "The command line beside Prefect's",
        columns: ["", "ms", "ms of a processor", "times as long: prefect version", "budget"],
        rows: [prefect, ...calls].map((call) => [
          call.name,
          milliseconds(call),
          processor(call),
          1 / part(call),
          call.budget === undefined ? undefined : 1 / call.budget,
        ]),
        notes: [
          `Median (min–max) of ${rounds} rounds, taken in turns. Each is a process from its start to its end.`,
          "Both with warm caches: Prefect's compiled modules, and Millrace's compile cache in .cache/compile.",
          "runs: reads 20 runs from the table of a local stack. Without npx, which adds a second of its own.",
        ],
      },
    ],
    overBudget: calls
      .filter((call) => call.budget !== undefined && part(call) > call.budget)
      .map((call) => `${call.name} takes ${part(call).toFixed(2)} of the time of ${prefect.name}`),
  };
}

async function finishedRuns(service: BenchService): Promise<void> {
  for (let count = 0; count < 20; count += 1) await finishedRun(service, chain.name, {});
}

/** Compares `millrace` on the local stack with `prefect version`, in turns. */
export async function measureCli({ rounds = defaultRounds }: MeasureOptions): Promise<Report> {
  const programs = await pythonEnvironment("prefect");
  const prefect: Call = {
    name: "prefect version",
    command: [join(programs, "prefect"), "version"],
    taken: [],
  };
  const calls = [
    callOf(["--help"], 1 / 8),
    callOf(["runs"], 1 / 3),
    callOf(["graph", "ridge-sweep"]),
    callOf(["complete", "--", "ru"]),
  ];
  const folder = mkdtempSync(join(tmpdir(), "millrace-bench-cli-"));
  const service = await startBenchService();
  try {
    await finishedRuns(service);
    const env = {
      MILLRACE_STACK: service.stack.stateDir,
      HOME: folder,
      PREFECT_HOME: join(folder, "prefect"),
      DO_NOT_TRACK: "1",
      // This favours Prefect on machines where Python otherwise can't keep its compiled code.
      PYTHONDONTWRITEBYTECODE: "",
    };
    await compare([prefect, ...calls], env, rounds);
    return reportOf(prefect, calls, rounds);
  } finally {
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
