import { type Complete, RootCommand, type Command as TabCommand } from "@bomb.sh/tab";
import type { Command } from "commander";

/** The values that an argument can have, each with a description, by the argument's name in the help. */
export type KnownValues = ReadonlyMap<string, readonly { value: string; description: string }[]>;

/** Every command of a program, with the words that lead to it. */
function commandsOf(program: Command): [words: string, command: Command][] {
  const below = (command: Command, words: readonly string[]): [string, Command][] =>
    command
      .createHelp()
      .visibleCommands(command)
      .flatMap((each) => {
        const path = [...words, each.name()];
        return [[path.join(" "), each] as [string, Command], ...below(each, path)];
      });
  return below(program, []);
}

function describe(described: TabCommand, command: Command, known: KnownValues): void {
  for (const option of command.createHelp().visibleOptions(command)) {
    const name = option.long?.slice(2);
    const letter = option.short?.slice(1);
    if (name === undefined) continue;
    const takesValue = option.required || option.optional;
    // The library treats an option as one without a value unless it has a handler that completes the value.
    if (takesValue) described.option(name, option.description, () => undefined, letter);
    else described.option(name, option.description, letter);
  }
  for (const argument of command.registeredArguments) {
    const values = known.get(argument.name());
    const complete = (addCompletion: Complete) => {
      for (const { value, description } of values ?? []) addCompletion(value, description);
    };
    described.argument(argument.name(), values && complete, argument.variadic);
  }
}

/** Describes a program to the completion library: its commands, their options and arguments. */
export function completionOf(program: Command, known: KnownValues): RootCommand {
  const root = new RootCommand();
  describe(root, program, known);
  for (const [words, command] of commandsOf(program)) {
    describe(root.command(words, command.description()), command, known);
  }
  return root;
}

/**
 * Finds the command whose arguments are being typed; options and their values may stand between the words.
 *
 * @returns names of its arguments, or none for the program itself
 */
export function requestedArguments(program: Command, words: readonly string[]): string[] {
  const found = commandsOf(program).filter(([path]) => path.split(" ").every((word) => words.includes(word)));
  const [, command] = found.toSorted(([a], [b]) => b.split(" ").length - a.split(" ").length)[0] ?? [];
  return (command?.registeredArguments ?? []).map((argument) => argument.name());
}
