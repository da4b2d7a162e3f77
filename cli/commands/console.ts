import { spawn } from "node:child_process";
import { once } from "node:events";
import { Command } from "commander";
import { startConsole } from "../console/server.ts";
import { isInUse, startUsualConsole, usualPort } from "../console/usual-console.ts";
import { UsageError } from "../errors.ts";
import { targetOfCommand } from "../options.ts";
import type { Target } from "../readers/target.ts";

function portNumber(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new UsageError(`--port is "${text}"; it takes a number from 0 to 65535, 0 for any free port`);
}

/** The program that opens an address, by platform. */
const openers: Readonly<Partial<Record<NodeJS.Platform, string>>> = { darwin: "open", win32: "explorer" };

/** Serves a stage's console at a port that somebody chose. @throws UsageError if another program uses it */
async function startAt(port: number, { stage, invoke }: Target) {
  try {
    return await startConsole(stage, invoke, port);
  } catch (error) {
    if (!isInUse(error)) throw error;
    throw new UsageError(`--port is ${port}, which another program uses`);
  }
}

/** Opens an address in the person's browser. If there is none, the printed address is enough. */
function openInBrowser(address: string): void {
  const browser = spawn(openers[process.platform] ?? "xdg-open", [address], {
    detached: true,
    stdio: "ignore",
  });
  browser.on("error", () => console.log("no browser could be opened; open the address yourself"));
  browser.unref();
}

type Options = { port?: number; open?: boolean };

/** `console`: the pages of a stage, served on this machine until it is interrupted. */
export function consoleCommand(): Command {
  return new Command("console")
    .argument("[run]", "id of a run whose page is opened first")
    .option("--port <number>", `port to listen on (default: ${usualPort}, or any free one)`, portNumber)
    .option("--open", "open it in the browser")
    .addHelpText(
      "after",
      [
        "\nIt listens on 127.0.0.1 only, and works with your own AWS credentials. The address opens it once.",
        "\nExamples:",
        "  npx millrace console --open",
        "  npx millrace console 20211004T162100Z-4k7q2m9xt6bw --open",
        "  npx millrace console --stage prod --port 8000",
      ].join("\n"),
    )
    .action(async (runId: string | undefined, { port, open }: Options, command: Command) => {
      const target = await targetOfCommand(command);
      const running = await (port === undefined ? startUsualConsole(target) : startAt(port, target));
      const address = runId === undefined ? running.address : running.addressOf({ page: "run", runId });
      console.log(`the console of stage "${target.stage}" is open at\n  ${address}\nCtrl-C ends it.`);
      if (open === true) openInBrowser(address);
      await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
      await running.close();
    });
}
