#!/usr/bin/env -S node --disable-warning=MODULE_TYPELESS_PACKAGE_JSON
import { enableCompileCache } from "node:module";
import path from "node:path";
import type { GlobalOptions } from "./options.ts";

// Most of what a command takes is reading code: half of that is saved from the second time on.
enableCompileCache(path.join(import.meta.dirname, "..", ".cache", "compile"));
const { CommanderError } = await import("commander");
const { millraceProgram } = await import("./program.ts");
const { errorLine, exitCodeOf } = await import("./errors.ts");

// What reads the output may have read enough, as head does.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit();
});

const program = await millraceProgram(process.argv.slice(2));
try {
  await program.parseAsync();
} catch (error) {
  const { stage, verbose } = program.opts<GlobalOptions>();
  // What commander refuses it has told already.
  if (!(error instanceof CommanderError)) {
    console.error(verbose === true ? error : `millrace: ${errorLine(error, stage)}`);
  }
  process.exitCode = exitCodeOf(error);
}
