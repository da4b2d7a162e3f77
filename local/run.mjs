// node local/run.mjs FILE ARGUMENTS…: sets the project up, then runs one of its programs on the project's Node.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import path from "node:path";
import { programEnvironment } from "./process/program-environment.mjs";
import { onStopRequest } from "./process/stop-requests.mjs";
import { NODE_BIN } from "./setup/project.mjs";
import { setUp } from "./setup/set-up.mjs";

const [file = "", ...args] = process.argv.slice(2);

function run() {
  const options = ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", file, ...args];
  const env = programEnvironment(process.env);
  const child = spawn(path.join(NODE_BIN, "node"), options, { stdio: "inherit", env });
  // The terminal may have sent the signal to it too. Programs handle a second signal like the first.
  onStopRequest((signal) => child.kill(signal));
  child.once("exit", (code, signal) => {
    process.exit(code ?? 128 + (signal === null ? 1 : constants.signals[signal]));
  });
}

const code = await setUp({ torch: false });
if (code === 0) run();
else process.exitCode = code;
