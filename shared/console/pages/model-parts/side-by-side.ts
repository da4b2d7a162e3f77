import { gateMetric } from "../../../models/model-view.ts";
import type { ModelVersion } from "../../../pipeline/model.ts";
import type { AliasMove, ModelAlias } from "../../../ports/model-registry.ts";
import { bytesText, durationText } from "../../../wording/units.ts";
import { costText } from "../../../wording/usage-text.ts";
import type { Host } from "../../host/host.ts";
import { type Content, html } from "../../html.ts";
import { table } from "../../parts/table.ts";
import { time } from "../../parts/time.ts";
import { aliasesOf, figureText } from "./figure-text.ts";

/** Parameters and metrics that are shown, each. */
const maxNames = 40;

type Row = readonly [name: string, ...values: Content[]];

/** The names that at least one of the versions has, in the order in which they come. */
function namesIn(versions: readonly ModelVersion[], field: "metrics" | "parameters" | "tags"): string[] {
  return [...new Set(versions.flatMap((version) => Object.keys(version[field])))];
}

/**
 * In which direction metrics improve. Only those by which a gate has decided have one: the others are figures without a
 * judgement.
 */
function directions(versions: readonly ModelVersion[], moves: readonly AliasMove[]) {
  const known = new Map<string, "lower" | "higher">();
  for (const move of moves) {
    if (move.figures === undefined) continue;
    for (const version of versions) {
      const name = gateMetric([move], version);
      if (name !== undefined) known.set(name, move.figures.better);
    }
  }
  return known;
}

/** The metrics, those that decide first, with the best version marked in words. */
function metricRows(versions: readonly ModelVersion[], moves: readonly AliasMove[]): Row[] {
  const known = directions(versions, moves);
  const names = namesIn(versions, "metrics").toSorted((a, b) => Number(known.has(b)) - Number(known.has(a)));
  return names.slice(0, maxNames).map((name): Row => {
    const better = known.get(name);
    const figures = versions.flatMap(({ metrics }) => metrics[name] ?? []);
    const best = better === "lower" ? Math.min(...figures) : Math.max(...figures);
    const cells = versions.map(({ metrics }): Content => {
      const figure = metrics[name];
      if (figure === undefined) return "–";
      const isBest = better !== undefined && figures.length > 1 && figure === best;
      return isBest ? html`<strong>${figureText(figure)} (best)</strong>` : figureText(figure);
    });
    return [better === undefined ? name : `${name} (${better} is better)`, ...cells];
  });
}

function dataText({ data }: ModelVersion): string {
  if (data.length === 0) return "unknown";
  const bytes = data.reduce((sum, each) => sum + each.bytes, 0);
  const digests = data.slice(0, 3).map(({ sha256 }) => sha256.slice(0, 12));
  return `${data.length} ${data.length === 1 ? "file" : "files"}, ${bytesText(bytes)}, ${digests.join(" ")}`;
}

function madeBy({ training, registeredBy }: ModelVersion, host: Host): Content {
  const by = training ?? ("runId" in registeredBy ? registeredBy : undefined);
  if (by === undefined) return "person" in registeredBy ? registeredBy.person : "unknown";
  const step = host.link({ page: "step", runId: by.runId, step: by.step }, by.step);
  return html`step ${step} of run ${host.link({ page: "run", runId: by.runId }, by.runId)}`;
}

/** Where versions come from. */
function lineageRows(versions: readonly ModelVersion[], host: Host): Row[] {
  const row = (name: string, cell: (version: ModelVersion) => Content): Row => [name, ...versions.map(cell)];
  return [
    row("Registered", ({ registeredAt }) => time(registeredAt, host)),
    row("Made by", (version) => madeBy(version, host)),
    row("Took", ({ training }) =>
      training?.seconds === undefined ? "unknown" : durationText(training.seconds * 1000),
    ),
    row("Cost", ({ training }) =>
      training?.costUsd === undefined ? "unknown" : costText({ dollars: training.costUsd, atLeast: false }),
    ),
    row("Commit", ({ commit }) => html`<code>${commit}</code>`),
    row("Job and image", ({ training }) => [training?.job ?? "a function", " ", training?.image]),
    row("Data", dataText),
    row("Model", ({ model }) => html`<code>${model.uri}</code>`),
    row("Content", ({ digest }) => html`<code>${digest.slice(0, 12)}</code>`),
  ];
}

/** Versions in columns: figures, where they come from, parameters and tags in rows. */
export function sideBySide(
  versions: readonly ModelVersion[],
  aliases: readonly ModelAlias[],
  moves: readonly AliasMove[],
  host: Host,
): Content {
  const named = (field: "parameters" | "tags", word: string): Row[] =>
    namesIn(versions, field)
      .slice(0, maxNames)
      .map((name) => {
        const values = versions.map((version) => version[field][name]);
        return [`${word} ${name}`, ...values.map((value) => (value === undefined ? "–" : figureText(value)))];
      });
  const heads = versions.map(({ version }) => {
    const names = aliasesOf(version, aliases);
    return names === "" ? `Version ${version}` : `Version ${version}: ${names}`;
  });
  const rows = [
    ...metricRows(versions, moves),
    ...lineageRows(versions, host),
    ...named("parameters", "Parameter"),
    ...named("tags", "Tag"),
  ];
  return table("Versions side by side", ["Fact", ...heads], rows);
}
