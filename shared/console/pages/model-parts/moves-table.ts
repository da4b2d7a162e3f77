import { valuesText } from "../../../models/gain.ts";
import type { ModelActor } from "../../../pipeline/model.ts";
import type { AliasMove } from "../../../ports/model-registry.ts";
import type { Host } from "../../host/host.ts";
import { type Content, html } from "../../html.ts";
import { table } from "../../parts/table.ts";
import { time } from "../../parts/time.ts";

/** Moves that are shown, the newest first. */
const maxMoves = 50;

const kindWords: Readonly<Record<AliasMove["kind"], string>> = {
  promotion: "promoted by a gate",
  set: "set by hand",
  rollback: "rolled back",
};

function actor(by: ModelActor, host: Host): Content {
  if ("person" in by) return by.person;
  return html`step ${by.step} of run ${host.link({ page: "run", runId: by.runId }, by.runId)}`;
}

/** What a gate measured: the candidate, what it was compared with, and the figure of the average alone. */
function figuresText({ figures }: AliasMove): string {
  if (figures === undefined) return "none";
  const { metric, better, value, base, against, minimumGain } = figures;
  const [own, average] = valuesText(value, base);
  const rival = against === null ? "no champion to compare with" : `compared with version ${against}`;
  return `${metric} ${own} (${better} is better), ${rival}; the average alone ${average}; at least ${Number((minimumGain * 100).toPrecision(3))} % better`;
}

/** The moves of a model's aliases, newest first, with why and by which figures. */
export function movesTable(moves: readonly AliasMove[], host: Host): Content {
  if (moves.length === 0) return html`<p>No alias was ever moved.</p>`;
  const rows = moves
    .slice(-maxMoves)
    .toReversed()
    .map((move) => [
      time(move.at, host),
      move.alias,
      `${move.from ?? "none"} → ${move.to}`,
      kindWords[move.kind],
      actor(move.by, host),
      move.why,
      figuresText(move),
    ]);
  return [
    table(
      "Moves of aliases, newest first",
      ["When", "Alias", "From and to", "How", "By", "Why", "Figures"],
      rows,
    ),
    moves.length > maxMoves && html`<p>The newest ${maxMoves} of ${moves.length} moves are shown.</p>`,
  ];
}
