import type { Command } from "commander";
import { UsageError } from "./errors.ts";
import type { Target } from "./readers/target.ts";

/** Options that every command takes. */
export type GlobalOptions = { stage: string; region: string; verbose?: boolean };

/** The stage that a command is about. Imports the AWS code here, so that only commands that need it load it. */
export async function targetOfCommand(command: Command): Promise<Target> {
  const { connect } = await import("./readers/target.ts");
  return connect(command.optsWithGlobals<GlobalOptions>());
}

/** A whole number from the command line. @throws UsageError for anything else */
export function wholeNumber(option: string): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value > 0) return value;
    throw new UsageError(`${option} is "${text}"; it takes a whole number from 1`);
  };
}

/** One value of a list, in upper or lower case. @throws UsageError for anything else */
export function oneOf<T extends string>(option: string, values: readonly T[]): (text: string) => T {
  return (text) => {
    const found = values.find((value) => value.toLowerCase() === text.toLowerCase());
    if (found !== undefined) return found;
    throw new UsageError(`${option} is "${text}"; it takes ${values.join(", ")}`);
  };
}

/** A date, or a time with any offset, converted to UTC. @throws UsageError for anything else */
export function moment(option: string): (text: string) => string {
  return (text) => {
    const isDate = /^\d{4}-\d{2}-\d{2}$/.test(text);
    const time = /^\d{4}-\d{2}-\d{2}(T.*(Z|[+-]\d{2}:\d{2}))?$/.test(text) ? Date.parse(text) : Number.NaN;
    const exists = isDate ? new Date(time || 0).toISOString().startsWith(text) : true;
    if (!Number.isNaN(time) && exists) return new Date(time).toISOString();
    throw new UsageError(
      `${option} is "${text}"; it takes a date (UTC), or a time such as 2021-10-04T16:21:00+02:00`,
    );
  };
}

/** Prints a value as JSON, indented. */
export function printJson(value: unknown): void {
  console.log(JSON.stringify(value, null, 2));
}
