import { Buffer } from "node:buffer";
import { artifactName } from "../../batch/made-artifacts.ts";
import { linkReport, linkType, tableReport, tableType } from "../../objects/report-files.ts";
import type { Artifact } from "../../pipeline/job.ts";
import type { Json } from "../../pipeline/json.ts";
import type { ObjectStore } from "../../ports/object-store.ts";
import { bytesText } from "../../wording/units.ts";

/** What a report contains, parsed. */
export type ReportContent =
  | {
      readonly kind: "table";
      readonly columns: readonly string[];
      readonly rows: readonly (readonly Json[])[];
    }
  | { readonly kind: "markdown" | "text"; readonly text: string }
  | { readonly kind: "image"; readonly mediaType: string; readonly base64: string }
  | { readonly kind: "link"; readonly url: string; readonly title: string }
  | { readonly kind: "not shown"; readonly reason: string };

/** Something that a step made for people: its name, what is stored, and what that contains. */
export type Report = {
  readonly name: string;
  readonly artifact: Artifact;
  readonly content: ReportContent;
};

/** Reports that one page reads, each with one call. */
export const maxReports = 12;

const image = (mediaType: string) => ({
  maxBytes: 100_000,
  parse: (bytes: Uint8Array): ReportContent => ({
    kind: "image",
    mediaType,
    base64: Buffer.from(bytes).toString("base64"),
  }),
});
const decoded = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const text = (kind: "markdown" | "text") => ({
  maxBytes: 1_000_000,
  parse: (bytes: Uint8Array): ReportContent => ({ kind, text: decoded(bytes) }),
});

/** The kinds of reports that a page shows, by media type, with the bytes that they may have. Anything else is named. */
const kinds: Readonly<
  Record<string, { readonly maxBytes: number; readonly parse: (bytes: Uint8Array) => ReportContent }>
> = {
  [tableType]: {
    maxBytes: 1_000_000,
    parse: (bytes) => ({ kind: "table", ...tableReport.parse(JSON.parse(decoded(bytes))) }),
  },
  [linkType]: {
    maxBytes: 100_000,
    parse: (bytes) => ({ kind: "link", ...linkReport.parse(JSON.parse(decoded(bytes))) }),
  },
  "text/markdown": text("markdown"),
  "text/plain": text("text"),
  "image/png": image("image/png"),
  "image/jpeg": image("image/jpeg"),
  "image/gif": image("image/gif"),
  "image/webp": image("image/webp"),
  // In an <img>, a browser runs no script of an SVG and loads nothing that it names.
  "image/svg+xml": image("image/svg+xml"),
};

/** A media type without its parameters: `text/markdown; charset=utf-8` is `text/markdown`. */
const plainType = (mediaType: string) => mediaType.split(";")[0]?.trim().toLowerCase() ?? "";

/** Whether something that a step made is for people. */
export function isReport({ uri, mediaType }: Artifact): boolean {
  const type = plainType(mediaType);
  return type === tableType || type === linkType || artifactName(uri).startsWith("report/");
}

async function contentOf(objects: ObjectStore, { uri, mediaType, bytes }: Artifact): Promise<ReportContent> {
  const type = plainType(mediaType);
  const kind = Object.hasOwn(kinds, type) ? kinds[type] : undefined;
  if (kind === undefined) return { kind: "not shown", reason: `a page can't show ${mediaType}` };
  if (bytes > kind.maxBytes)
    return {
      kind: "not shown",
      reason: `it has ${bytesText(bytes)}, and a page shows ${bytesText(kind.maxBytes)}`,
    };
  const found = await objects.get(uri);
  if (found === undefined) return { kind: "not shown", reason: "it was removed, or it expired" };
  // Something else may have been written there since.
  if (found.byteLength > kind.maxBytes) return { kind: "not shown", reason: "it has become too large" };
  try {
    return kind.parse(found);
  } catch {
    return { kind: "not shown", reason: `its content is no ${mediaType}` };
  }
}

/** Reads the reports among what a step made, at most {@link maxReports}. A report that can't be shown says why. */
export async function readReports(objects: ObjectStore, made: readonly Artifact[]): Promise<Report[]> {
  return Promise.all(
    made
      .filter(isReport)
      .slice(0, maxReports)
      .map(async (artifact) => ({
        name: artifactName(artifact.uri).replace(/^report\//, ""),
        artifact,
        content: await contentOf(objects, artifact),
      })),
  );
}
