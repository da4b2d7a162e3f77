import { Command } from "commander";
import * as z from "zod";
import { changedLimit, type LimitView, type QueueView, queueView } from "../../shared/operate/queue-view.ts";
import { limitName } from "../../shared/pipeline/work-queue.ts";
import { agoText } from "../../shared/wording/units.ts";
import { UsageError } from "../errors.ts";
import { printJson, targetOfCommand, wholeNumber } from "../options.ts";
import type { Target } from "../readers/target.ts";
import { table } from "../screens/table.ts";

function limitText({ limit, slots, setByHand, holders }: LimitView): string {
  const of = slots === null ? "no limit" : `of ${slots}`;
  return `${limit} ${holders.length} ${of}${setByHand ? ", set by hand" : ""}`;
}

/** One queue: its limits and who holds them, then who waits, in order. */
export function queueText({ queue, limits, waiting, more }: QueueView, now: number): string {
  const rows = waiting.map(({ runId, pipeline, priority, startedAt, waitsFor }, place) => [
    String(place + 1),
    runId,
    pipeline,
    String(priority),
    agoText(now - Date.parse(startedAt)),
    waitsFor.join(", "),
  ]);
  return [
    `queue ${queue}`,
    ...limits.flatMap((limit) => [`  ${limitText(limit)}`, ...limit.holders.map((run) => `    ${run}`)]),
    rows.length === 0
      ? "nobody waits"
      : table(["", "RUN", "PIPELINE", "PRIORITY", "ASKED FOR", "WAITS FOR"], rows),
    ...(more ? ["and more; --limit shows them"] : []),
  ].join("\n");
}

function queuesText(queues: readonly QueueView[]): string {
  const rows = queues.map(({ queue, limits, waiting, more, pipelines }) => [
    queue,
    limits.map(limitText).join("; "),
    `${waiting.length}${more ? " or more" : ""}`,
    pipelines.join(", "),
  ]);
  return table(["QUEUE", "SLOTS HELD", "WAIT", "PIPELINES"], rows);
}

/** The limit that decides when a queue's runs begin: the work queue's own, or that of the pipeline with this name. */
async function limitOf(target: Target, queue: string): Promise<string> {
  if (queue.includes("/")) return queue;
  const { limits } = queueView.parse(await target.invoke("manage", { action: "queue", queue, limit: 1 }));
  const shared = limitName.queue(queue);
  return limits.some(({ limit }) => limit === shared) ? shared : limitName.pipeline(queue);
}

async function setSlots(
  target: Target,
  queue: string,
  slots: 0 | null,
  json: boolean | undefined,
): Promise<void> {
  const limit = await limitOf(target, queue);
  const answer = await target.invoke("manage", { action: "limit", limit, slots });
  if (json === true) return printJson(answer);
  const { held } = changedLimit.parse(answer);
  const going = held === 0 ? "no run is under way" : `${held} under way go on`;
  console.log(slots === 0 ? `${limit} is paused: nothing begins, ${going}` : `${limit} goes on, ${going}`);
}

type Options = { pause?: boolean; resume?: boolean; limit: number; json?: boolean };

/**
 * Answers `queues` on a stage.
 *
 * @param queue all queues if left out
 * @throws MillraceError
 */
export async function answerQueues(
  target: Target,
  queue: string | undefined,
  { pause, resume, limit, json }: Options,
): Promise<void> {
  if (pause === true || resume === true) {
    if (queue === undefined || pause === resume) {
      throw new UsageError(
        "--pause or --resume takes one queue, as in `millrace queues ctr-training --pause`",
      );
    }
    return setSlots(target, queue, pause === true ? 0 : null, json);
  }
  if (queue === undefined) {
    const all = z.array(queueView).parse(await target.invoke("manage", { action: "queues" }));
    if (json === true) return printJson(all);
    return console.log(
      all.length === 0
        ? "no run waits, and no pipeline has a limit; maxActiveRuns or queue sets one"
        : queuesText(all),
    );
  }
  const found = queueView.parse(await target.invoke("manage", { action: "queue", queue, limit }));
  if (json === true) return printJson(found);
  console.log(queueText(found, Date.now()));
}

/** `queues`: who waits for slots, and who holds them. */
export function queuesCommand(): Command {
  return new Command("queues")
    .argument("[queue]", "a work queue, or a pipeline outside of work queues; default: all")
    .option("--pause", "start no more runs; running ones continue")
    .option("--resume", "restore the limit of the definitions")
    .option("-n, --limit <count>", "how many waiting runs to list, up to 500", wholeNumber("--limit"), 50)
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      [
        "\nExamples:",
        "  npx millrace queues                         all, with how many wait",
        "  npx millrace queues ctr-training            who waits, who holds",
        "  npx millrace queues ctr-training --pause    nothing begins",
        "  npx millrace queues ctr-training --resume",
        "\nFor a pipeline in a work queue, pipeline/NAME is the pipeline's own limit.",
      ].join("\n"),
    )
    .action(async (queue: string | undefined, options: Options, command: Command) =>
      answerQueues(await targetOfCommand(command), queue, options),
    );
}
