import { stripVTControlCharacters } from "node:util";
import { linkReport, tableReport } from "../../shared/objects/report-files.ts";
import type { Artifact } from "../../shared/pipeline/job.ts";
import type { Json } from "../../shared/pipeline/json.ts";
import { MillraceError } from "../../shared/pipeline/millrace-error.ts";
import { table } from "./table.ts";

/** Max. size in bytes of an artifact that is shown. */
export const maxShown = 1_000_000;

function cellText(value: Json): string {
  if (value === null) return "";
  if (typeof value === "number") return String(Number(value.toPrecision(6)));
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Shows each kind of artifact in a terminal. */
const renderers: readonly { type: RegExp; render: (text: string) => string }[] = [
  {
    type: /^application\/vnd\.millrace\.table\+json$/,
    render(text) {
      const { columns, rows } = tableReport.parse(JSON.parse(text));
      return table(
        columns,
        rows.map((row) => row.map((value) => cellText(value as Json))),
      );
    },
  },
  {
    type: /^application\/vnd\.millrace\.link\+json$/,
    render(text) {
      const { url, title } = linkReport.parse(JSON.parse(text));
      return `${title}: ${url}`;
    },
  },
  { type: /^application\/json$/, render: (text) => JSON.stringify(JSON.parse(text), null, 2) },
  { type: /^text\//, render: (text) => text.trimEnd() },
];

/** Whether a terminal can show an artifact: a table, a link, JSON or a text, if it isn't too large. */
export function isShowable({ mediaType, bytes }: Artifact): boolean {
  return bytes <= maxShown && renderers.some(({ type }) => type.test(mediaType));
}

/**
 * An artifact as text, without control characters that could affect the terminal.
 *
 * @throws MillraceError if the bytes don't match its media type
 */
export function reportText({ uri, mediaType }: Artifact, bytes: Uint8Array): string {
  const renderer = renderers.find(({ type }) => type.test(mediaType));
  const text = new TextDecoder().decode(bytes);
  try {
    return stripVTControlCharacters(renderer === undefined ? text : renderer.render(text));
  } catch {
    throw new MillraceError("ARTIFACT_NOT_SHOWN", `${uri} is not valid ${mediaType}`);
  }
}
