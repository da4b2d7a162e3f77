import { haveSameTestData } from "../../models/model-view.ts";
import type { Host } from "../host/host.ts";
import { type Content, html } from "../html.ts";
import { movableAliases, promoteForm, rollBackForm } from "../model-actions.ts";
import { page } from "../page.ts";
import type { RequestOf } from "../page-request.ts";
import { notice, sectionOr } from "../parts/panel.ts";
import { table } from "../parts/table.ts";
import { ago } from "../parts/time.ts";
import {
  type ModelPageData,
  type ModelsPageData,
  maxModels,
  maxShown,
  readModels,
} from "../read/read-models.ts";
import { aliasesOf, figureText } from "./model-parts/figure-text.ts";
import { movesTable } from "./model-parts/moves-table.ts";
import { sideBySide } from "./model-parts/side-by-side.ts";

type Request = RequestOf<"models">;
type All = Extract<ModelsPageData, { all: unknown }>;

/** Moves that could be read; without them nothing is known of gates. */
const knownMoves = ({ moves }: ModelPageData) => (moves.read ? moves.value : []);

/** A warning for each shown version whose figures don't compare with those of the first. */
function dataWarning(data: ModelPageData): Content {
  const [first, ...others] = data.shown;
  if (first === undefined) return undefined;
  const different = others.filter((each) => haveSameTestData(first, each, knownMoves(data)) === false);
  if (different.length === 0) return undefined;
  const names = different.map(({ version }) => version).join(", ");
  return notice(
    html`<p>Version ${first.version} and version ${names} were tested on different data: their figures do not compare. A gate measures both on the same data.</p>`,
  );
}

/** The versions, newest first, each as a link that shows it beside the others. */
function versionList(
  { name, versions, more, aliases, shown }: ModelPageData,
  request: Request,
  host: Host,
): Content {
  const last = versions.at(-1);
  const rows = versions.map(({ version, registeredAt, training }) => {
    const others = shown.map((each) => each.version).filter((each) => each !== version);
    const beside = [version, ...others].slice(0, maxShown).toSorted((a, b) => a - b);
    return [
      host.link({ page: "models", name, versions: beside }, `Version ${version}`),
      aliasesOf(version, aliases) || "none",
      ago(registeredAt, host),
      training === undefined ? "unknown" : host.link({ page: "run", runId: training.runId }, training.runId),
      shown.some((each) => each.version === version)
        ? "shown above"
        : host.link({ page: "models", name, versions: [version] }, "alone"),
    ];
  });
  return [
    table("Versions, newest first", ["Version", "Aliases", "Registered", "Made by run", "Show"], rows),
    request.below !== undefined &&
      html`<p>${host.link({ ...request, below: undefined }, "The newest versions")}</p>`,
    more &&
      last !== undefined &&
      html`<p>${host.link({ ...request, below: last.version }, `Go on with versions below ${last.version}`)}</p>`,
  ];
}

/** The form that chooses versions by their numbers. */
function chooser({ name, shown }: ModelPageData, host: Host): Content {
  const value = shown.map(({ version }) => version).join(",");
  return host.form({
    name: "versions",
    fields: [{ name: "versions", label: `Versions to compare, up to ${maxShown}`, value }],
    submit: "Compare",
    to: { page: "models", name },
  });
}

function actions(data: ModelPageData, host: Host): Content {
  const { name, aliases, shown } = data;
  const back = aliases.flatMap((alias) => rollBackForm(name, alias, knownMoves(data)) ?? []);
  const promote = shown.flatMap(({ version }) =>
    movableAliases(aliases).flatMap((alias) => promoteForm(name, alias, version, aliases) ?? []),
  );
  return [
    back.map((form) => host.form(form)),
    html`<details><summary>Promote a version by hand, without a gate</summary>${promote.map((form) => host.form(form))}</details>`,
  ];
}

function aliasTable(data: ModelPageData, host: Host): Content {
  if (data.aliases.length === 0) return html`<p>No version has an alias.</p>`;
  const rows = data.aliases.map(({ alias, version }) => {
    const last = knownMoves(data).findLast((move) => move.alias === alias);
    return [alias, `version ${version}`, last && ago(last.at, host), last?.why ?? ""];
  });
  return table("Aliases", ["Alias", "Version", "Since", "Why"], rows);
}

/** Says that the newest version isn't the champion, and links to the reason. */
function newerThanChampion({ versions: [newest], aliases }: ModelPageData, host: Host): Content {
  const champion = aliases.find(({ alias }) => alias === "champion")?.version;
  if (newest === undefined || champion === undefined || newest.version <= champion) return undefined;
  const runId = newest.training?.runId;
  return notice(
    html`<p>Version ${newest.version} is newer than the champion, version ${champion}.${runId !== undefined && html` If a gate refused it, its run says why: ${host.link({ page: "run", runId }, runId)}`}</p>`,
  );
}

function one(data: ModelPageData, request: Request, host: Host): Content {
  return [
    newerThanChampion(data, host),
    html`<h2>Aliases</h2>`,
    aliasTable(data, host),
    html`<h2>Versions side by side</h2>`,
    dataWarning(data),
    chooser(data, host),
    sideBySide(data.shown, data.aliases, knownMoves(data), host),
    actions(data, host),
    html`<h2>Versions</h2>`,
    versionList(data, request, host),
    html`<h2>Moves of aliases</h2>`,
    sectionOr("The log of aliases", data.moves, (moves) => movesTable(moves, host)),
    html`<p>${host.link({ page: "models" }, "All models")}</p>`,
  ];
}

function all({ all: models, leftOut }: All, host: Host): Content {
  if (models.length === 0)
    return html`<p>No model is registered. A step with <code>registerModel</code> registers one: see docs/models.md.</p>`;
  const rows = models.map(({ name, model }) => {
    const link = host.link({ page: "models", name }, name);
    if (!model.read) return [link, "could not be read", "", "", ""];
    const { aliases, champion, metric } = model.value;
    const figure = metric === undefined ? undefined : champion?.metrics[metric];
    return [
      link,
      champion === undefined ? "none" : `version ${champion.version}`,
      champion && ago(champion.registeredAt, host),
      figure === undefined || metric === undefined ? "" : `${metric} ${figureText(figure)}`,
      aliases.map(({ alias, version }) => `${alias} ${version}`).join(", "),
    ];
  });
  const columns = ["Model", "Champion", "Registered", "Figure that decides", "Aliases"] as const;
  return [
    models.map(({ name, model }) => sectionOr(`Model ${name}`, model, () => undefined)),
    table("Models and their champions", columns, rows),
    leftOut > 0 && html`<p>${leftOut} more models; the first ${maxModels} are shown.</p>`,
  ];
}

/** Models: their versions side by side, aliases, moves with reasons and figures, lineage; promote and roll back. */
export const modelsPage = page<Request, ModelsPageData>({
  title: ({ name }) => (name === undefined ? "Models" : `Model ${name}`),
  read: ({ engine }, request) => readModels(engine, request),
  show: (data, request, host) => ("one" in data ? one(data.one, request, host) : all(data, host)),
  command: ({ name }) => ["models", ...(name === undefined ? [] : [name])],
});
