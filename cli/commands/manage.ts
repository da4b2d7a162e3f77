import { randomUUID } from "node:crypto";
import { userInfo } from "node:os";
import { Command } from "commander";
import { changedLimit } from "../../shared/operate/queue-view.ts";
import { managedRun, startedRun, taggedRun } from "../../shared/operate/run-answer.ts";
import { tag } from "../../shared/pipeline/tag.ts";
import { UsageError } from "../errors.ts";
import { printJson, targetOfCommand } from "../options.ts";
import { type ReportOptions, reportAndFollow } from "./run.ts";

const jsonHelp = "the answer as JSON";
const jsonOrRun = "the answer as JSON; with --follow, the run after it ended";

const exampleId = "20211004T162100Z-4k7q2m9xt6bw";

type Action = {
  readonly name: "cancel" | "retry" | "pause" | "resume";
  /** The text for each state that the run may be in afterwards. In any other state, nothing was changed. */
  readonly outcomes: Readonly<Record<string, string>>;
};

const actions: readonly Action[] = [
  {
    name: "cancel",
    outcomes: { CANCELLING: "is being cancelled: its jobs are being ended", CANCELLED: "is cancelled" },
  },
  {
    name: "retry",
    outcomes: {
      RUNNING: "runs again: only what had not succeeded",
      QUEUED: "waits for its slot to run again",
    },
  },
  {
    name: "pause",
    outcomes: { PAUSED: "is paused" },
  },
  {
    name: "resume",
    outcomes: { RUNNING: "goes on", SUCCEEDED: "went on and has ended", FAILED: "went on and has failed" },
  },
];

function actionCommand({ name, outcomes }: Action): Command {
  return new Command(name)
    .argument("<id>", "id of the run, as `millrace runs` lists it")
    .option("-f, --follow", "show the run until it ends")
    .option("--json", jsonOrRun)
    .addHelpText("after", `\nExample:\n  npx millrace ${name} ${exampleId}`)
    .action(async (id: string, options: ReportOptions, command: Command) => {
      const target = await targetOfCommand(command);
      const answer = await target.invoke("manage", { action: name, runId: id });
      const { runId, state } = managedRun.parse(answer);
      const message = `run ${runId} ${outcomes[state] ?? `is ${state} already; nothing was changed`}`;
      await reportAndFollow(
        target,
        runId,
        { answer, message },
        options,
        name === "cancel" ? "CANCELLED" : undefined,
      );
    });
}

/** A number, 0 or more. @throws MillraceError for anything else */
function count(what: string): (text: string) => number {
  return (text) => {
    if (/^\d+$/.test(text)) return Number(text);
    throw new UsageError(`${what} is "${text}"; it takes a whole number from 0`);
  };
}

type AnswerOptions = { reject?: boolean; by: string; comment?: string; index: number; json?: boolean };

/** `approve`: a person's yes or no to a step that waits for an answer. */
function approveCommand(): Command {
  return new Command("approve")
    .argument("<id>", "id of the run")
    .argument("<step>", "name of the step")
    .option("--reject", "reject: the step fails")
    .option("--by <name>", "who answers", userInfo().username)
    .option("--comment <text>", "why")
    .option("--index <number>", "place of a mapped step's child", count("--index"), 0)
    .option("--json", jsonHelp)
    .addHelpText("after", `\nExample:\n  npx millrace approve ${exampleId} sign_off --comment "R² is fine"`)
    .action(async (runId: string, step: string, options: AnswerOptions, command: Command) => {
      const { reject = false, by, comment, index, json } = options;
      const request = { action: "approve", runId, step, index, approved: !reject, by };
      const fullRequest = { ...request, ...(comment !== undefined && { comment }) };
      const answer = await (await targetOfCommand(command)).invoke("manage", fullRequest);
      if (json === true) return printJson(answer);
      const { state } = managedRun.parse(answer);
      console.log(`step ${step} of run ${runId} is ${reject ? "rejected" : "approved"}; the run is ${state}`);
    });
}

/** `limit`: sets how many runs of a pipeline or a work queue may be under way at once. */
function limitCommand(): Command {
  return new Command("limit")
    .argument("<limit>", "pipeline/NAME or queue/NAME", limitName)
    .argument("<slots>", "a whole number from 0, or `default` for the limit of the definitions")
    .option("--json", jsonHelp)
    .addHelpText(
      "after",
      "\nExamples:\n  npx millrace limit pipeline/ctr-training 2\n  npx millrace limit pipeline/ctr-training default",
    )
    .action(async (limit: string, text: string, { json }: { json?: boolean }, command: Command) => {
      const slots = text === "default" ? null : count("slots")(text);
      const answer = await (await targetOfCommand(command)).invoke("manage", {
        action: "limit",
        limit,
        slots,
      });
      if (json === true) return printJson(answer);
      const { held } = changedLimit.parse(answer);
      const set = slots === null ? "is as the definitions say" : `is ${slots}`;
      console.log(`${limit} ${set}; ${held} ${held === 1 ? "run holds" : "runs hold"} a slot`);
    });
}

/** `rerun`: the same again, as a new run. */
function rerunCommand(): Command {
  return new Command("rerun")
    .argument("<id>", "id of the earlier run, in any state")
    .option("--refresh", "ignore cached results, and replace them", false)
    .option("-f, --follow", "show the run until it ends")
    .option("--json", jsonOrRun)
    .addHelpText(
      "after",
      `\nretry goes on with a failed run; rerun does all of it again.\n\nExample:\n  npx millrace rerun ${exampleId} --follow`,
    )
    .action(async (id: string, options: ReportOptions & { refresh: boolean }, command: Command) => {
      const target = await targetOfCommand(command);
      // The key belongs to this call. If the SDK repeats the request, no second run starts; if the user repeats the
      // command, one does.
      const request = { action: "rerun", runId: id, refresh: options.refresh, key: randomUUID() };
      const answer = await target.invoke("manage", request);
      const { runId } = startedRun.parse(answer);
      await reportAndFollow(
        target,
        runId,
        { answer, message: `started run ${runId}, as ${id} was` },
        options,
      );
    });
}

/** A tag, as it was given. @throws UsageError for a text that can't be a tag */
function tagArgument(text: string, before: readonly string[] = []): string[] {
  const parsed = tag.safeParse(text);
  if (parsed.success) return [...before, parsed.data];
  throw new UsageError(`TAG ${parsed.error.issues[0]?.message ?? "is invalid"}`);
}

/** A limit's name. @throws UsageError for anything else */
function limitName(text: string): string {
  if (/^(pipeline|queue)\/./.test(text)) return text;
  throw new UsageError(
    `LIMIT is "${text}"; it takes pipeline/NAME or queue/NAME, such as pipeline/ctr-training`,
  );
}

type TagOptions = { remove: string[]; json?: boolean };

/** `tag`: sets the tags that a run can be found by. */
function tagCommand(): Command {
  return new Command("tag")
    .argument("<id>", "id of the run")
    .argument("[tags...]", "tags to add", tagArgument, [])
    .option("--remove <tags...>", "tags to remove", tagArgument, [])
    .option("--json", jsonHelp)
    .addHelpText("after", `\nExample:\n  npx millrace tag ${exampleId} keep team:growth --remove draft`)
    .action(async (id: string, add: string[], options: TagOptions, command: Command) => {
      const request = { action: "tag", runId: id, add, remove: options.remove };
      const answer = await (await targetOfCommand(command)).invoke("manage", request);
      if (options.json === true) return printJson(answer);
      const { tags } = taggedRun.parse(answer);
      console.log(`run ${id} ${tags.length === 0 ? "has no tags" : `is tagged ${tags.join(", ")}`}`);
    });
}

/** Everything that an operator can ask of a run or a limit. */
export function manageCommands(): Command[] {
  return [...actions.map(actionCommand), rerunCommand(), tagCommand(), approveCommand(), limitCommand()];
}
