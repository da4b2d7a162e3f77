import { Command } from "commander";
import * as z from "zod";
import { targetOfCommand } from "../options.ts";
import { followToEnd } from "./run.ts";

const managed = z.object({ runId: z.string(), state: z.string(), epoch: z.number() });

const outcomes: Readonly<Record<string, string>> = {
  CANCELLING: "is being cancelled: its jobs are being ended",
  CANCELLED: "is cancelled",
  RUNNING: "runs again: only what had not succeeded",
};

function manageCommand(action: "cancel" | "retry", description: string, examples: string): Command {
  return new Command(action)
    .description(description)
    .argument("<id>", "id of the run, as `millrace runs` lists it")
    .option("-f, --follow", "show the run until it ends")
    .addHelpText("after", examples)
    .action(async (id: string, { follow }: { follow?: boolean }, command: Command) => {
      const target = targetOfCommand(command);
      const { runId, state } = managed.parse(await target.invoke("manage", { action, runId: id }));
      console.log(`run ${runId} ${outcomes[state] ?? `is ${state} already; nothing was changed`}`);
      if (follow === true) await followToEnd(target, runId);
    });
}

/** `cancel`: nothing new starts and Batch jobs are ended. */
export function cancelCommand(): Command {
  return manageCommand(
    "cancel",
    "cancel a run: nothing new starts, its Batch jobs are ended",
    "\nExample:\n  npx millrace cancel 20211004T162100Z-4k7q2m9xt6bw",
  );
}

/** `retry`: what did not succeed runs again. */
export function retryCommand(): Command {
  return manageCommand(
    "retry",
    "run again what did not succeed in a failed or cancelled run",
    "\nExample:\n  npx millrace retry 20211004T162100Z-4k7q2m9xt6bw --follow",
  );
}
