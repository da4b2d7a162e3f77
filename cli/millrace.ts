#!/usr/bin/env -S node --disable-warning=MODULE_TYPELESS_PACKAGE_JSON
import { enableCompileCache } from "node:module";
import path from "node:path";
import type { GlobalOptions } from "./options.ts";

// A command spends most of its time on loading code. The cache saves half of that from the second call on.
enableCompileCache(path.join(import.meta.dirname, "..", ".cache", "compile"));
const { CommanderError } = await import("commander");
const { millraceProgram } = await import("./program.ts");
const { errorReport, exitCodeOf } = await import("./errors.ts");

// The program that reads the output may close it early, as `head` does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

const program = await millraceProgram(process.argv.slice(2));
try {
  await program.parseAsync();
} catch (error) {
  const { stage, verbose } = program.opts<GlobalOptions>();
  // Commander has already printed its own errors.
  if (!(error instanceof CommanderError)) {
    console.error(verbose === true ? error : errorReport(error, stage));
  }
  process.exitCode = exitCodeOf(error);
}
