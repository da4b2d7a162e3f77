import type { Command } from "commander";
import { CliError } from "./errors.ts";
import { connect, type Target } from "./target.ts";

/** Options that every command takes. */
export type GlobalOptions = { stage: string; region: string; verbose?: boolean };

/** The stage that a command was asked about. */
export function targetOfCommand(command: Command): Target {
  return connect(command.optsWithGlobals<GlobalOptions>());
}

/** A whole number from the command line. @throws CliError for anything else */
export function wholeNumber(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value > 0) return value;
    throw new CliError(`${option} is "${text}"; it takes a whole number from 1`);
  };
}

/** One of a list, in any case. @throws CliError for anything else */
export function oneOf<T extends string>(option: string, values: readonly T[]): (text: string) => T {
  return (text) => {
    const found = values.find((value) => value.toLowerCase() === text.toLowerCase());
    if (found !== undefined) return found;
    throw new CliError(`${option} is "${text}"; it takes ${values.join(", ")}`);
  };
}

/** Prints a value as JSON, indented. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}
