import { userInfo } from "node:os";
import { Command } from "commander";
import {
  compareVersions,
  gateMetric,
  haveSameTestData,
  viewLog,
  viewModel,
  viewModels,
  viewVersion,
} from "../../shared/models/model-view.ts";
import { aliasMove } from "../../shared/ports/model-registry.ts";
import { UsageError } from "../errors.ts";
import { printJson, targetOfCommand } from "../options.ts";
import type { Target } from "../readers/target.ts";
import {
  compareScreen,
  logScreen,
  modelScreen,
  modelsScreen,
  versionScreen,
} from "../screens/model-screen.ts";

type Options = { json?: boolean; why?: string; by: string; alias: string };

/** A request about one model, with the words after its name. */
type Ask = {
  readonly target: Target;
  readonly name: string;
  readonly words: readonly string[];
  readonly options: Options;
};

/** The terminal's columns. Without a terminal, nothing is cut. */
const maxWidth = () => process.stdout.columns || Number.POSITIVE_INFINITY;

/** A version as a person names it: by number, or by alias. */
function versionNamed(text: string): number | string {
  return /^\d+$/.test(text) ? Number(text) : text;
}

function print<T>({ json }: Options, value: T, screen: (value: T) => string): void {
  if (json === true) printJson(value);
  else console.log(screen(value));
}

/** The words after an action. @throws UsageError if there are too few or too many */
function wordsOf({ name, words: [action, ...words] }: Ask, form: readonly string[]): string[] {
  if (words.length === form.length) return words;
  throw new UsageError(
    `\`models ${name} ${action}\` takes ${form.join(" ") || "no more words"}; it was given "${words.join(" ")}"`,
  );
}

async function compare(ask: Ask): Promise<void> {
  const [a = "", b = ""] = wordsOf(ask, ["VERSION", "VERSION"]);
  const { models } = ask.target;
  const left = await viewVersion(models, ask.name, versionNamed(a));
  const right = await viewVersion(models, ask.name, versionNamed(b));
  const moves = await viewLog(models, ask.name);
  const versions = [String(left.version), String(right.version)];
  print(ask.options, compareVersions(left, right), (differences) => {
    const screen = compareScreen(differences, versions, gateMetric(moves, left));
    return haveSameTestData(left, right, moves) === false
      ? `${screen}\n\nThe two were tested on different data: their figures do not compare. A gate measures on the same data:\nnpx millrace models ${ask.name} log`
      : screen;
  });
}

async function log(ask: Ask): Promise<void> {
  wordsOf(ask, []);
  const moves = await viewLog(ask.target.models, ask.name);
  print(ask.options, moves, () =>
    moves.length === 0 ? `no alias of ${ask.name} was ever moved` : logScreen(moves),
  );
}

async function moved({ target, name, options }: Ask, request: object): Promise<void> {
  const move = aliasMove.parse(await target.invoke("manage", { name, by: options.by, ...request }));
  print(options, move, ({ alias, from, to }) =>
    from === null
      ? `${alias} of ${name} is version ${to} now; it was none before`
      : `${alias} of ${name} is version ${to} now; it was version ${from}`,
  );
}

async function rollBack(ask: Ask): Promise<void> {
  wordsOf(ask, []);
  const { target, name, options } = ask;
  const { alias, why = "rolled back by hand" } = options;
  // Roll back from the version that the person sees now, even if a training ends in the meantime.
  const { version: from } = await viewVersion(target.models, name, alias);
  await moved(ask, { action: "model-rollback", alias, from, why });
}

async function setAlias(ask: Ask): Promise<void> {
  const [alias = "", text = ""] = wordsOf(ask, ["ALIAS", "VERSION"]);
  const { why } = ask.options;
  if (why === undefined)
    throw new UsageError("--why is missing: the log keeps the reason", { remedy: 'Add --why "…".' });
  const { version } = await viewVersion(ask.target.models, ask.name, versionNamed(text));
  await moved(ask, { action: "model-alias", alias, version, why });
}

const actions: Readonly<Record<string, (ask: Ask) => Promise<void>>> = {
  compare,
  log,
  rollback: rollBack,
  alias: setAlias,
};

async function look(ask: Ask): Promise<void> {
  const { target, name, words, options } = ask;
  const [version, ...rest] = words;
  if (rest.length > 0) {
    throw new UsageError(
      `\`models ${name}\` is followed by a version, an alias or one of ${Object.keys(actions).join(", ")}, not by "${version}"`,
    );
  }
  const now = Date.now();
  if (version === undefined) {
    const details = await viewModel(target.models, name);
    return print(options, details, () => modelScreen(details, maxWidth(), now));
  }
  const found = await viewVersion(target.models, name, versionNamed(version));
  print(options, found, () => versionScreen(found, now));
}

/**
 * Answers `models` on a stage.
 *
 * @param name all models if left out
 * @throws MillraceError, ModelNotFoundError
 */
export async function answer(
  target: Target,
  name: string | undefined,
  words: readonly string[],
  options: Options,
): Promise<void> {
  if (name === undefined) {
    const models = await viewModels(target.models);
    return print(options, models, () =>
      models.length === 0
        ? `no model is registered on stage "${target.stage}"; a step with registerModel does it`
        : modelsScreen(models, maxWidth(), Date.now()),
    );
  }
  const ask: Ask = { target, name, words, options };
  const action = actions[words[0] ?? ""];
  await (action === undefined ? look(ask) : action(ask));
}

/** `models`: shows registered models, their versions and aliases, and where the versions come from. */
export function modelsCommand(): Command {
  return new Command("models")
    .argument("[name]", "name of a model; default: all models")
    .argument("[what...]", "a version or alias; or: compare A B, log, alias ALIAS VERSION, rollback")
    .option("--why <text>", "why the alias moves; stored in its log")
    .option("--by <name>", "who moves it", userInfo().username)
    .option("--alias <alias>", "the alias to roll back", "champion")
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      [
        "\nExamples:",
        "  npx millrace models                                models, their champions and figures",
        "  npx millrace models ctr                            versions of ctr",
        "  npx millrace models ctr champion                   one version, with its lineage",
        "  npx millrace models ctr compare champion 7",
        '  npx millrace models ctr alias champion 7 --why "calibrated better"',
        "  npx millrace models ctr rollback                   champion is what it was before",
        "  npx millrace models ctr log                        who moved aliases, when and why",
      ].join("\n"),
    )
    .action(async (name: string | undefined, words: string[], options: Options, command: Command) =>
      answer(await targetOfCommand(command), name, words, options),
    );
}
