// Runs the program named by its arguments, until that ends or the process that started this one is gone.
import { spawn } from "node:child_process";

const [command = "", ...args] = process.argv.slice(2);
const child = spawn(command, args, { stdio: ["ignore", "inherit", "inherit"] });
child.once("error", (error) => {
  console.error(error.message);
  process.exit(127);
});
child.once("exit", (code, signal) => process.exit(code ?? (signal === "SIGKILL" ? 137 : 143)));

// Nobody is left to use the program's result: the whole group ends, including this process.
process.stdin.once("close", () => process.kill(-process.pid, "SIGKILL"));
process.stdin.resume();

// A signal to the group reaches the program too. This process stays until the signal has ended the program.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
