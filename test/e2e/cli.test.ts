import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { buffer } from "node:stream/consumers";
import { DeleteQueueCommand, GetQueueUrlCommand, SendMessageCommand } from "@aws-sdk/client-sqs";
import type { Command } from "commander";
import { errorReport } from "../../cli/errors.ts";
import { millraceProgram } from "../../cli/program.ts";
import { artifactBytes } from "../../cli/readers/fetch-artifact.ts";
import { targetOf } from "../../cli/readers/target.ts";
import { manageRequest } from "../../shared/operate/manage.ts";
import type { RunView } from "../../shared/run/run-view.ts";
import { type DeployedService, deployService, eventually } from "./deployed-service.ts";
import { type Said, typed } from "./typed-command.ts";

const folder = mkdtempSync(path.join(tmpdir(), "millrace-cli-"));
let service: DeployedService;
const run = "20211004T162100Z-none";
const unknownRun = `there is no run "${run}"`;
/** Commands that were typed. The last test checks that none is missing. */
const seen = new Set<string>();

/** Runs what a user types after `npx millrace`, in an empty folder. */
function millrace(...args: string[]): Promise<Said> {
  seen.add(args[0] ?? "");
  return typed({ cwd: folder, stack: service.stack.stateDir }, args);
}

/** The output of a command that succeeds. @throws with the command's output if it fails */
async function output(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await millrace(...args);
  if (exitCode !== 0)
    throw new Error(`millrace ${args.join(" ")}: exit code ${exitCode}: ${stdout}${stderr}`);
  return stdout;
}

/** A command and all commands below it. */
const family = (command: Command): Command[] => [command, ...command.commands.flatMap(family)];

/**
 * The error of a refused command. It runs in this process, because dozens of processes would take half a minute.
 */
async function refusal(...args: string[]): Promise<string> {
  const program = await millraceProgram();
  for (const command of family(program)) {
    command.exitOverride().configureOutput({ writeErr: () => undefined, outputError: () => undefined });
  }
  try {
    await program.parseAsync(args, { from: "user" });
    return "it was not refused";
  } catch (error) {
    return errorReport(error, "local");
  }
}

/** A command's answer for programs. */
async function answered(...args: string[]): Promise<{ runId?: string; [field: string]: unknown }> {
  return JSON.parse(await output(...args, "--json"));
}

async function started(...args: string[]): Promise<string> {
  const { runId } = await answered("start", ...args);
  return runId ?? "no run";
}

const inState = (runId: string, state: string) =>
  eventually(`run ${runId} to be ${state}`, async () =>
    (await service.store.getRun(runId))?.state === state ? true : undefined,
  );
const waiting = (runId: string) =>
  eventually(`run ${runId} to wait for a person`, async () => {
    const step = await service.store.getStep({ runId, step: "sign_off", index: 0 });
    return step?.state === "PAUSED" ? true : undefined;
  });

/** A run with a job that succeeded. */
let counted: string;

beforeAll(async () => {
  service = await deployService({
    catalogue: {
      index: 'export { pipelines } from "../test/e2e/cli-pipelines.ts";',
      sources: ["test/e2e/cli-pipelines.ts", "test/engine/model-pipeline.ts", "templates"],
      families: ["templates/batch/batch-jobs/line_count"],
    },
  });
  process.env.MILLRACE_STACK = service.stack.stateDir;
  counted = await started("line-count", "--param", "text=one line\nand another one", "--tag", "team:growth");
  await inState(counted, "SUCCEEDED");
});

afterAll(async () => {
  delete process.env.MILLRACE_STACK;
  rmSync(folder, { recursive: true, force: true });
  await service?.close();
});

describe("a run that has succeeded", () => {
  it("is listed, shown and drawn", async () => {
    const [runs, tagged, run, json, graph, mermaid, svg] = await Promise.all([
      output("runs", "--pipeline", "line-count"),
      output("runs", "--tag", "team:growth", "--json"),
      output("run", counted, "--follow"),
      output("run", counted, "--json"),
      output("graph", counted),
      output("graph", counted, "--mermaid"),
      output("graph", counted, "--svg", "run.svg"),
    ]);
    expect(runs).toMatch(new RegExp(`${counted}.*line-count.*SUCCEEDED`));
    expect(JSON.parse(tagged)).toMatchObject([{ runId: counted }]);
    expect(run).toContain("SUCCEEDED");
    expect((JSON.parse(json) as RunView).steps.map(({ name }) => name)).toEqual([
      "write_text",
      "count",
      "summarise",
    ]);
    expect(graph).toMatch(/✓ +count +succeeded/);
    expect(mermaid).toMatch(/^flowchart TD[\s\S]*class s0,s1,s2 green$/);
    expect(svg).toBe("wrote run.svg");
    expect(readFileSync(path.join(folder, "run.svg"), "utf8")).toMatch(
      /^<svg .*[\s\S]*succeeded[\s\S]*<\/svg>/,
    );
  });

  it("is counted in the figures of its day, and exported as one file", async () => {
    const figures: unknown = JSON.parse(await output("figures", "--pipeline", "line-count", "--json"));
    expect(figures).toMatchObject([{ pipeline: "line-count", ends: { SUCCEEDED: expect.any(Number) } }]);
    expect(await output("export", counted, "--output", "run.html")).toContain("run.html");
    const page = readFileSync(path.join(folder, "run.html"), "utf8");
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).toContain(counted);
    expect(page).not.toContain("<script");
  });

  it("has results, its own and those of each step", async () => {
    const [own, count] = await Promise.all([output("result", counted), output("result", counted, "count")]);
    expect(JSON.parse(own)).toEqual({ wordsPerLine: 2.5 });
    expect(JSON.parse(count)).toMatchObject({ lines: 2, words: 5 });
  });

  it("has one log of its functions and jobs, in order of time", async () => {
    const [text, json, ofStep] = await Promise.all([
      output("logs", counted),
      output("logs", counted, "--json"),
      output("logs", counted, "--step", "count", "--since", "1h", "--follow"),
    ]);
    const lines = text.split("\n");
    expect(lines[0]).toMatch(/^[\d:.]{12} {2}run +run started/);
    expect(lines.at(-1)).toMatch(/ {2}run +run ended .*state=SUCCEEDED/);
    expect(text).toMatch(/ {2}count +counted {2}lines=2 words=5/);
    const times = json.split("\n").map((line) => (JSON.parse(line) as { time: string }).time);
    expect(times).toEqual(times.toSorted());
    expect(times).toHaveLength(lines.length);
    expect(ofStep).toContain("lines=2 words=5");
    expect(ofStep).not.toContain("write_text");
  });

  it("has artifacts, which are listed, shown, and copied with their checksum", async () => {
    const [list, table, written, piped, again] = await Promise.all([
      output("artifacts", counted),
      output("artifacts", "show", counted, "count", "words.table.json"),
      output("artifacts", "get", counted, "write_text", "text.txt"),
      output("artifacts", "get", counted, "write_text", "text.txt", "-o", "-"),
      output("artifacts", counted, "--step", "count", "--json"),
    ]);
    expect(list).toMatch(/^STEP +NAME +SIZE +TYPE\nwrite_text +text\.txt +24 B +text\/plain$/m);
    expect(table).toBe("line  words\n1     2\n2     3");
    expect(written).toMatch(/^text\.txt {2}24 B, SHA-256/);
    expect(readFileSync(path.join(folder, "text.txt"), "utf8")).toBe("one line\nand another one");
    expect(piped).toBe("one line\nand another one");
    const [report] = JSON.parse(again) as [Parameters<typeof artifactBytes>[1] & { step: string }];
    expect(report).toMatchObject({ step: "count", removed: false });
    expect((await millrace("artifacts", "get", counted, "write_text", "text.txt")).stderr).toContain(
      "text.txt already exists",
    );

    const config = { endpoint: service.stack.awsEndpoint, region: service.stack.region };
    const target = targetOf("local", {
      ...config,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    });
    const other = buffer(artifactBytes(target, { ...report, sha256: "0".repeat(64) }));
    await expect(other).rejects.toThrow("as the step made it");
  });

  it("can be tagged and rerun", async () => {
    const tagged = await answered("tag", counted, "keep", "--remove", "team:growth");
    expect(tagged).toMatchObject({ tags: ["keep"] });
    expect((await service.store.getRun(counted))?.tags).toEqual(["keep"]);
    const again = await output("rerun", counted, "--follow");
    expect(again).toContain("SUCCEEDED");
  });
});

describe("a run that waits for an approval", () => {
  it("can be paused, resumed and approved, and its log is followed to its end", async () => {
    const runId = await started("sign-off");
    const log = millrace("logs", runId, "--follow");
    await waiting(runId);
    const next = await started("sign-off");
    expect(await output("queues", "sign-off")).toMatch(new RegExp(next));
    expect(await output("run", next)).toMatch(/waits for a slot of pipeline\/sign-off: 1 of 1/);
    expect(await output("pause", runId)).toContain(`run ${runId} is paused`);
    expect(await answered("pause", runId)).toMatchObject({ runId, state: "PAUSED" });
    expect(await output("resume", runId)).toContain("goes on");
    const answer = await output("approve", runId, "sign_off", "--comment", "looks fine");
    expect(answer).toContain("step sign_off");
    expect(await log).toMatchObject({
      exitCode: 0,
      stdout: expect.stringMatching(/looked at it[\s\S]*run ended/),
    });
    await waiting(next);
    const asked: unknown = JSON.parse(await output("approvals", "--json"));
    expect(asked).toMatchObject([{ runId: next, step: "sign_off" }]);
    expect(await output("approvals")).toContain(`npx millrace approve ${next} sign_off`);
    expect(await output("limit", "pipeline/sign-off", "2")).toContain("is 2; 1 run holds a slot");
    expect(await answered("limit", "pipeline/sign-off", "2")).toMatchObject({ slots: 2, held: 1 });
    expect(await output("cancel", next, "--follow")).toMatch(/is (being )?cancelled[\s\S]*CANCELLED/);
    expect(await millrace("run", next)).toMatchObject({
      exitCode: 1,
      stdout: expect.stringContaining("CANCELLED"),
    });
  });

  it("fails before the question if its check fails, with an exit code, the reason and a log filtered by level", async () => {
    const first = await millrace("start", "sign-off", "--param", "sound=false", "--follow");
    expect(first).toMatchObject({ exitCode: 1, stdout: expect.stringContaining("it is not sound") });
    const [, runId = ""] = /started run (\S+)/.exec(first.stdout) ?? [];
    expect(await millrace("retry", runId, "--follow")).toMatchObject({ exitCode: 1 });
    const { exitCode, stdout } = await millrace("logs", runId, "--level", "warn", "--follow");
    expect({ exitCode, levels: stdout.includes("run started") }).toEqual({ exitCode: 1, levels: false });
    expect(stdout).toMatch(/check +WARN looked at it {2}sound=false/);
  });
});

it("a start for the same time with other params is refused, and a key makes a separate run", async () => {
  const at = ["line-count", "--scheduled-at", "2021-10-04", "--param"];
  await started(...at, "text=a");
  expect(await output("start", ...at, "text=a")).toContain("was started before");
  expect(await millrace("start", ...at, "text=b")).toMatchObject({
    ...{ exitCode: 1, stdout: "" },
    stderr: expect.stringContaining('params.text is "a", not "b"'),
  });
  expect(await output("start", ...at, "text=b", "--key", "b")).toContain("started run");
});

it("schedules and backfills are shown, switched and run", async () => {
  expect(await output("schedules")).toMatch(/day.*0 3 \* \* \*/);
  expect(await output("schedules", "day", "--on")).toContain("is on; its next run is for");
  const range = ["--from", "2021-01-01", "--to", "2021-01-03", "--every", "day"];
  expect(await output("backfill", "start", "day", ...range, "--dry-run")).toMatch(
    /would be new; nothing was started[\s\S]* {2}2 to start; at most 4 at once$/,
  );
  expect(await output("backfill", "list")).toContain("no backfill");
  const asked = await output("backfill", "start", "day", ...range, "--json");
  const { backfill: id } = JSON.parse(asked) as { backfill: string };
  await service.invoke("tick", {});
  expect(await output("backfill", "show", id)).toContain("day");
  expect(await output("backfill", "list")).toContain(id);
  expect(await service.manage({ action: "backfills" })).toMatchObject([{ backfill: id }]);
  expect(await output("backfill", "cancel", id)).toContain(`backfill ${id} of day is`);
  expect(await output("backfill", "resume", id)).toContain(`backfill ${id} of day is`);
  expect(await output("queues", "sign-off", "--pause")).toContain("pipeline/sign-off is paused");
  expect(await output("queues", "sign-off", "--resume")).toContain("pipeline/sign-off goes on");
});

it("manage refuses invalid and unknown requests by name", async () => {
  type Request = { action: string; [field: string]: unknown };
  const runId = run;
  const refused: [request: Request, message: RegExp][] = [
    [{ action: "start", pipeline: "nope" }, /there is no pipeline "nope"\n.*Use a deployed pipeline: /],
    [{ action: "start", pipeline: "day", scheduledAt: "noon" }, /scheduledAt: is "noon"; it takes a time/],
    ...["cancel", "retry", "rerun", "pause", "resume"].map((action): [Request, RegExp] => [
      { action, runId },
      /there is no run "20211004T162100Z-none"/,
    ]),
    [{ action: "cancel-runs", runIds: [] }, /runIds: /],
    [{ action: "retry-runs", runIds: [runId, ""] }, /runIds\.1: /],
    [{ action: "approve", runId, step: "ok", by: "" }, /by: /],
    [{ action: "tag", runId, add: ["a b"] }, /add\.0: is "a b"; it takes 1 to 64 letters/],
    [{ action: "runs", since: "noon" }, /since: is "noon"; it takes a time/],
    [{ action: "limit", limit: "gpu", slots: 1 }, /limit: is "gpu"; it takes pipeline\/NAME or queue\/NAME/],
    [{ action: "queue", queue: "nope" }, /there is no queue "nope"; queues are: /],
    [{ action: "queues", queue: "gpu" }, /Unrecognized key: "queue"/],
    [{ action: "schedule", pipeline: "day", name: "weekly", active: true }, /weekly/],
    [{ action: "schedules", upcoming: -1 }, /upcoming: /],
    [{ action: "backfill", pipeline: "day", from: "2021-01-01", to: "2021-01-02" }, /every and schedule/],
    ...["backfill-cancel", "backfill-resume", "backfill-progress"].map((action): [Request, RegExp] => [
      { action, backfill: "nope" },
      /there is no backfill "nope"/,
    ]),
    [{ action: "backfills", limit: 0 }, /limit: /],
    [{ action: "models", name: "ctr" }, /Unrecognized key: "name"/],
    [{ action: "model", name: "nope" }, /there is no model "nope"/],
    [{ action: "model-version", name: "nope", version: 1 }, /model "nope" has no version 1/],
    [{ action: "model-compare", name: "nope", a: 1, b: 2 }, /model "nope" has no version 1/],
    [{ action: "model-log", name: "nope" }, /there is no model "nope"/],
    [{ action: "model-alias", name: "ctr", alias: "champion", version: 1, by: "ana" }, /why: /],
    [
      { action: "model-rollback", name: "nope", from: 1, by: "ana", why: "worse" },
      /model "nope" has no alias "champion"/,
    ],
    [{ action: "nope" }, /action: is none of start, cancel/],
  ];
  const said = await Promise.all(
    refused.map(async ([request, message]) => {
      const answer = await service.manage(request).catch((error: Error) => error.message);
      return typeof answer === "string" && message.test(answer) ? [] : [{ request, answer }];
    }),
  );
  expect(said.flat()).toEqual([]);
  const actions = manageRequest.options.map(({ shape }): string => shape.action.value);
  expect(actions.filter((name) => !refused.some(([{ action }]) => action === name))).toEqual([]);
});

it("models are listed with their aliases", async () => {
  const runId = await started("training");
  await inState(runId, "SUCCEEDED");
  const [all, one, log] = await Promise.all([
    output("models"),
    output("models", "ctr", "champion"),
    output("models", "ctr", "log"),
  ]);
  expect(all).toMatch(/ctr/);
  expect(one).toContain(runId);
  expect(log).toContain("champion");

  await inState(await started("training", "--param", "logLoss=0.5"), "SUCCEEDED");
  expect(await output("models", "ctr", "compare", "champion", "2")).toContain("metrics.testLogLoss");
  const alias = ["alias", "champion", "2", "--why", "calibrated better"];
  expect(await output("models", "ctr", ...alias)).toBe("champion of ctr is version 2 now; it was version 1");
  expect(await output("models", "ctr", "rollback")).toBe(
    "champion of ctr is version 1 now; it was version 2",
  );
  expect(await service.manage({ action: "models" })).toMatchObject([{ name: "ctr" }]);
  const asked = { name: "ctr", version: "champion" };
  expect(await service.manage({ action: "model-version", ...asked })).toMatchObject({ version: 1 });
  expect(await service.manage({ action: "model", name: "ctr" })).toMatchObject({ name: "ctr" });
  expect(await service.manage({ action: "model-log", name: "ctr" })).toHaveLength(3);
  const compared = await service.manage({ action: "model-compare", name: "ctr", a: 1, b: 2 });
  expect(compared).not.toEqual([]);
});

it("commands that need no stage work without one", async () => {
  const [list, json, graph, shell] = await Promise.all([
    output("pipelines"),
    output("pipelines", "--json"),
    output("graph", "ridge-sweep"),
    output("completion", "bash"),
  ]);
  expect(list).toContain("ridge-sweep");
  expect(JSON.parse(json)).toContainEqual(expect.objectContaining({ name: "ridge-sweep" }));
  expect(graph).toContain("download_dataset");
  expect(shell).toContain("complete -F __millrace_complete millrace");
  const completed = await output("complete", "--", "run", "");
  expect(completed).toContain(counted);
});

it("invalid input is refused in one line that names it and the remedy", async () => {
  const refused: [string[], string][] = [
    [["start", "nope"], "nope"],
    [["start", "line-count", "--param", "text"], '--param is "text"; it takes key=value'],
    [["start", "line-count", "--params", "[1]"], "it takes a JSON object"],
    [["start", "line-count", "--param", "text=3"], "params.text"],
    [["start", "line-count", "--param", "words=3"], 'Unrecognized key: "words". Its params are text'],
    [["start", "line-count", "--scheduled-at", "noon"], '--scheduled-at is "noon"; it takes a date'],
    [["start", "line-count", "--tag", "a b"], 'is "a b"; it takes 1 to 64 letters'],
    [["runs", "--state", "done"], '--state is "done"; it takes SCHEDULED'],
    [["runs", "--limit", "0"], '--limit is "0"; it takes a whole number from 1'],
    [["run", run], unknownRun],
    [["run", counted.slice(0, -3)], `Use the full id: ${counted}`],
    [["run"], "missing required argument 'id'"],
    [["result", run], unknownRun],
    [["result", counted, "train"], 'STEP is "train"; the run has the steps write_text, count, summarise'],
    [["logs", run], unknownRun],
    [
      ["logs", counted, "--step", "train"],
      '--step is "train"; the run has the steps write_text, count, summarise',
    ],
    [["logs", counted, "--since", "noon"], '--since is "noon"; it takes how long ago'],
    [["artifacts", run], unknownRun],
    [["artifacts"], "RUN is missing"],
    [
      ["artifacts", "get", counted, "count", "model.bin"],
      'NAME is "model.bin"; step count made report/words.table.json',
    ],
    [["artifacts", "get", counted, "count[3]", "a"], 'STEP is "count[3]", and count is not mapped'],
    [["graph", "nope"], 'there is no pipeline "nope"\n  → Use a pipeline of pipelines/index.ts: '],
    [["graph", run], unknownRun],
    [["cancel", run], run],
    [["retry", counted], counted],
    [["rerun", run], run],
    [["tag", run, "a"], run],
    [["pause", counted], counted],
    [["resume", run], run],
    [["approve", counted, "count"], "count"],
    [["limit", "gpu", "2"], 'LIMIT is "gpu"; it takes pipeline/NAME or queue/NAME'],
    [["tag", counted, "a,b"], 'TAG is "a,b"; it takes 1 to 64 letters'],
    [
      ["runs", "--pipeline", "nope"],
      'error[PIPELINE_NOT_FOUND]: there is no pipeline "nope"\n  → Use a deployed pipeline: ',
    ],
    [["limit", "queue/gpu", "many"], 'slots is "many"; it takes a whole number from 0'],
    [["schedules", "nope", "--on"], "nope"],
    [
      ["schedules", "nope"],
      'pipeline "nope" has no schedule on stage "local"; pipelines with schedules: day',
    ],
    [["schedules", "day", "--on", "--off"], "error[USAGE]: --on and --off are both given"],
    [
      ["backfill", "start", "day", "--from", "yesterday", "--to", "2021-01-02", "--every", "day"],
      "yesterday",
    ],
    [
      ["backfill", "start", "day", "--from", "2021-01-01", "--to", "2021-01-02"],
      "--every and --schedule are both missing",
    ],
    [
      ["backfill", "show", "nope"],
      'there is no backfill "nope"\n  → Use a backfill\'s id: `npx millrace backfill list`',
    ],
    [["start", "ridge-sweep"], "error[PIPELINE_NOT_DEPLOYED]: "],
    [["backfill", "cancel", "nope"], 'there is no backfill "nope"'],
    [["backfill", "resume", "nope"], 'there is no backfill "nope"'],
    [["backfill", "list", "-n", "0"], '--limit is "0"'],
    [["queues", "--pause"], "--pause or --resume takes one queue"],
    [["models", "ctr", "alias", "champion", "1"], "--why is missing"],
    [["models", "ctr", "alias", "champion", "9", "--why", "better"], "9"],
    [["models", "ctr", "compare", "1"], "takes VERSION VERSION"],
    [["models", "ctr", "rollback", "--alias", "none"], "none"],
    [["models", "ctr", "7"], "7"],
    [["doctor", "now"], "too many arguments"],
    [["logs", counted, "--level", "loud"], '--level is "loud"'],
    [["artifacts", "show", counted, "write_text", "nope"], 'NAME is "nope"'],
    [["queues", "nope"], "nope"],
    [["models", "nope"], "nope"],
    [["init", "No Name"], 'NAME is "No Name"; it takes'],
    [["completion", "tcsh"], 'SHELL is "tcsh"; it takes bash, zsh, fish'],
    [["nope"], "unknown command 'nope'"],
    [["runs", "--nope"], "unknown option '--nope'"],
  ];
  const said: unknown[] = [];
  for (const [args, message] of refused) {
    const line = await refusal(...args);
    if (!line.includes(message) || line.includes("\n    at ")) said.push({ args, line });
  }
  expect(said).toEqual([]);
});

it.each<[number, string[], RegExp]>([
  [
    1,
    ["run", run],
    /^error\[RUN_NOT_FOUND\]: there is no run "20211004T162100Z-none" on stage "local"\n {2}→ .*\n {2}docs\/errors\.md#run_not_found$/,
  ],
  [
    1,
    ["cancel", run],
    /^error\[RUN_NOT_FOUND\]: there is no run "20211004T162100Z-none"\n {2}→ .*\n {2}docs\/errors\.md#run_not_found$/,
  ],
  [2, ["runs", "--state", "done"], /^error\[USAGE\]: --state is "done"; it takes SCHEDULED, /],
  [2, ["start"], /^error\[USAGE\]: missing required argument 'pipeline'\n--help says what it takes$/],
  [2, ["nope"], /^error\[USAGE\]: unknown command 'nope'\n--help says what it takes$/],
  [
    2,
    ["runs", "--stage", ""],
    /^error\[USAGE\]: --stage is ""; it takes the name of a stage, such as prod\n/,
  ],
])(
  "the command ends with %i for %j, with the reason only on standard error",
  async (exitCode, args, line) => {
    expect(await millrace(...args)).toEqual({ exitCode, stdout: "", stderr: expect.stringMatching(line) });
  },
);

it("a stage that cannot be reached is reported with a remedy", async () => {
  const { AWS_PROFILE: _profile, ...others } = process.env;
  const env = { ...others, AWS_EC2_METADATA_DISABLED: "true", HOME: folder };
  const asked = (stack: string, ...args: string[]) => typed({ cwd: folder, stack, env }, args);
  const [withoutStack, withoutCredentials] = await Promise.all([
    asked(path.join(folder, "none"), "runs"),
    asked(service.stack.stateDir, "runs", "--stage", "prod"),
  ]);
  expect(withoutStack).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(
      /^error\[LOCAL_STACK_NOT_RUNNING\]: no local stack runs\n.*`npm run stack`/,
    ),
  });
  expect(withoutCredentials).toMatchObject({
    exitCode: 1,
    stderr: expect.stringMatching(
      /^error\[AWS_CREDENTIALS_MISSING\]: there are no AWS credentials for stage "prod"\n.*AWS_PROFILE/,
    ),
  });
});

it("doctor reports a healthy stage, warnings, and failures", async () => {
  const urlOf = async (QueueName: string) =>
    (await service.sqs.send(new GetQueueUrlCommand({ QueueName }))).QueueUrl;
  const QueueUrl = await urlOf("millrace-local-triggers-dead-letters");
  await service.sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "lost" }));
  const well = await output("doctor");
  expect(well).toContain("✓ ok    stack");
  expect(well).toMatch(
    /! warn {2}dead letters +1 message that nobody could handle[\s\S]*start-message-move-task/,
  );
  await service.sqs.send(new DeleteQueueCommand({ QueueUrl }));
  const { exitCode, stdout } = await millrace("doctor", "--json");
  const found = JSON.parse(stdout) as { check: string; status: string }[];
  expect({
    exitCode,
    failed: found.filter(({ status }) => status === "fail").map(({ check }) => check),
  }).toEqual({
    ...{ exitCode: 1, failed: ["queues"] },
  });
});

it("these tests run every command except init and console, which have tests of their own", async () => {
  const commands = (await millraceProgram()).commands.map((command) => command.name());
  const others = ["complete", "init", "console"];
  expect(commands.filter((name) => !seen.has(name) && !others.includes(name))).toEqual([]);
});
