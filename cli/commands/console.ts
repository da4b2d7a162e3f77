import { spawn } from "node:child_process";
import { once } from "node:events";
import { Command } from "commander";
import { startConsole } from "../console/server.ts";
import { UsageError } from "../errors.ts";
import { targetOfCommand } from "../options.ts";

/** The port that addresses keep from one day to the next, if it is free. */
const usualPort = 7180;

function portNumber(text: string): number {
  const port = Number(text);
  if (Number.isInteger(port) && port >= 0 && port < 65_536) return port;
  throw new UsageError(`--port is "${text}"; it takes a number from 0 to 65535, 0 for any free port`);
}

const isInUse = (error: unknown) => error instanceof Error && "code" in error && error.code === "EADDRINUSE";

/** The program that opens an address, by platform. */
const openers: Readonly<Partial<Record<NodeJS.Platform, string>>> = { darwin: "open", win32: "explorer" };

/** Opens an address in the person's browser. If there is none, the printed address is enough. */
function openInBrowser(address: string): void {
  const browser = spawn(openers[process.platform] ?? "xdg-open", [address], {
    detached: true,
    stdio: "ignore",
  });
  browser.on("error", () => console.log("no browser could be opened; open the address yourself"));
  browser.unref();
}

/** `console`: the pages of a stage, served on this machine until it is interrupted. */
export function consoleCommand(): Command {
  return new Command("console")
    .option("--port <number>", `port to listen on (default: ${usualPort}, or any free one)`, portNumber)
    .option("--open", "open it in the browser")
    .addHelpText(
      "after",
      [
        "\nIt listens on 127.0.0.1 only, and works with your own AWS credentials. The address opens it once.",
        "\nExamples:",
        "  npx millrace console --open",
        "  npx millrace console --stage prod --port 8000",
      ].join("\n"),
    )
    .action(async ({ port, open }: { port?: number; open?: boolean }, command: Command) => {
      const { stage, invoke } = await targetOfCommand(command);
      const running = await startConsole(stage, invoke, port ?? usualPort).catch((error: unknown) => {
        if (!isInUse(error)) throw error;
        if (port !== undefined) throw new UsageError(`--port is ${port}, which another program uses`);
        return startConsole(stage, invoke, 0);
      });
      console.log(`the console of stage "${stage}" is open at\n  ${running.address}\nCtrl-C ends it.`);
      if (open === true) openInBrowser(running.address);
      await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
      await running.close();
    });
}
