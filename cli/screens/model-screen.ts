import { styleText } from "node:util";
import type { ModelDetails, ModelDifference, ModelSummary } from "../../shared/models/model-view.ts";
import type { Json } from "../../shared/pipeline/json.ts";
import type { ModelActor, ModelVersion } from "../../shared/pipeline/model.ts";
import type { AliasMove, ModelAlias } from "../../shared/ports/model-registry.ts";
import { agoText, bytesText, durationText } from "../../shared/wording/units.ts";
import { costText } from "../../shared/wording/usage-text.ts";
import { table } from "./table.ts";

/** Figures by name in one line, starting with the one that decides: `logLoss 0.39928, rows 1234567`. */
function figuresText(figures: Readonly<Record<string, number>>, first: string | undefined): string {
  return Object.entries(figures)
    .sort(([a], [b]) => Number(b === first) - Number(a === first))
    .map(([name, value]) => `${name} ${valueText(value)}`)
    .join(", ");
}

/** A value in a line: whole numbers as they are, others with six significant digits. */
function valueText(value: Json): string {
  if (typeof value === "number" && !Number.isInteger(value)) return String(Number(value.toPrecision(6)));
  return typeof value === "string" ? value : JSON.stringify(value);
}

const cut = (text: string, width: number) => (text.length <= width ? text : `${text.slice(0, width - 1)}…`);
const aliasesText = (aliases: readonly ModelAlias[]) =>
  aliases.map(({ alias, version }) => `${alias} ${version}`).join(", ");
const ago = (time: string, now: number) => agoText(now - Date.parse(time));

/** Models and their champions. */
export function modelsScreen(models: readonly ModelSummary[], width: number, now: number): string {
  const rows = models.map(({ name, champion, aliases, metric }) => [
    name,
    champion === undefined ? "none" : String(champion.version),
    champion === undefined ? "" : ago(champion.registeredAt, now),
    champion === undefined ? aliasesText(aliases) : figuresText(champion.metrics, metric),
  ]);
  return narrow(["MODEL", "CHAMPION", "REGISTERED", "FIGURES"], rows, width);
}

/** A table whose last column gets the remaining width. */
function narrow(head: readonly string[], rows: readonly string[][], width: number): string {
  const before = head
    .slice(0, -1)
    .map((name, column) => Math.max(name.length, ...rows.map((row) => row[column]?.length ?? 0)) + 2)
    .reduce((sum, each) => sum + each, 0);
  const last = Math.max(12, width - before);
  return table(
    head,
    rows.map((row) => [...row.slice(0, -1), cut(row.at(-1) ?? "", last)]),
  );
}

/** A model's versions, newest first. */
export function modelScreen(
  { name, aliases, metric, versions }: ModelDetails,
  width: number,
  now: number,
): string {
  const rows = versions.map((version) => [
    String(version.version),
    version.aliases.join(", "),
    ago(version.registeredAt, now),
    figuresText(version.metrics, metric),
  ]);
  const title = `${styleText("bold", name)}  ${aliases.length === 0 ? "no alias" : aliasesText(aliases)}`;
  return [title, "", narrow(["VERSION", "ALIASES", "REGISTERED", "FIGURES"], rows, width)].join("\n");
}

/** Names who asked for a change. */
function actorText(by: ModelActor): string {
  return "person" in by ? by.person : `step ${by.step} of run ${by.runId}`;
}

type Fact = readonly [label: string, value: string | undefined];

function trainingFacts({ training, commit, seed }: ModelVersion): Fact[] {
  const dollars = training?.costUsd;
  const made =
    training &&
    `step ${training.step} of run ${training.runId}, attempt ${training.epoch}.${training.attempt}`;
  return [
    ["made by", made],
    ["job", training?.job],
    ["image", training?.image],
    ["took", training?.seconds === undefined ? undefined : durationText(training.seconds * 1000)],
    ["cost", dollars === undefined ? undefined : costText({ dollars, atLeast: false })],
    ["commit", commit],
    ["seed", seed === undefined ? undefined : String(seed)],
  ];
}

/** A version, and everything known about its origin. Nothing is cut, so that it can be copied. */
export function versionScreen(version: ModelVersion, now: number): string {
  const { name, metrics, parameters, tags, data, model, attachments } = version;
  const facts: Fact[] = [
    ["registered", `${version.registeredAt} (${ago(version.registeredAt, now)})`],
    ["registered by", actorText(version.registeredBy)],
    ...trainingFacts(version),
    ...Object.entries(metrics).map(([key, value]): Fact => [`metric ${key}`, String(value)]),
    ...Object.entries(parameters).map(([key, value]): Fact => [`parameter ${key}`, valueText(value)]),
    ...Object.entries(tags).map(([key, value]): Fact => [`tag ${key}`, value]),
    ...data.flatMap(({ uri, versionId, sha256, bytes, rows }): Fact[] => [
      ["data", `${uri}, ${bytesText(bytes)}${rows === undefined ? "" : `, ${rows} rows`}`],
      ["", `version ${versionId ?? "unknown"}, sha256 ${sha256}`],
    ]),
    ["model", model.uri],
    [
      "",
      `${model.files.length} files, ${bytesText(model.files.reduce((sum, { bytes }) => sum + bytes, 0))}, digest ${version.digest}`,
    ],
    ["copied from", version.source],
    ...Object.entries(attachments).map(([key, { uri }]): Fact => [`attached ${key}`, uri]),
  ];
  const labels = Math.max(...facts.map(([label]) => label.length)) + 2;
  const lines = facts.flatMap(([label, value]) =>
    value === undefined ? [] : [`  ${label.padEnd(labels)}${value}`],
  );
  return [`${styleText("bold", name)} version ${version.version}`, ...lines].join("\n");
}

/**
 * How two versions differ.
 *
 * @param metric the figure that decides, which comes first
 */
export function compareScreen(
  differences: readonly ModelDifference[],
  versions: readonly string[],
  metric?: string,
): string {
  const text = (value: Json) => (value === null ? "–" : cut(valueText(value), 30));
  const changeText = (change: number | undefined) => {
    if (change === undefined || !Number.isFinite(change)) return "";
    return change === 0
      ? "the same"
      : `${change > 0 ? "+" : "−"}${Number(Math.abs(change * 100).toPrecision(2))} %`;
  };
  const rows = differences
    .toSorted((a, b) => Number(b.field === `metrics.${metric}`) - Number(a.field === `metrics.${metric}`))
    .map(({ field, a, b, change }) => [field, text(a), text(b), changeText(change)]);
  return table(["", ...versions.map((version) => `VERSION ${version}`), "CHANGE"], rows);
}

/** The moves of aliases, newest first. */
export function logScreen(moves: readonly AliasMove[]): string {
  const rows = moves
    .toReversed()
    .flatMap(({ at, alias, from, to, kind, by, why }) => [
      [at, alias, `${from ?? "none"} → ${to}`, kind, `${actorText(by)}: ${why}`],
    ]);
  return table(["WHEN", "ALIAS", "MOVE", "HOW", "BY WHOM, AND WHY"], rows);
}
