import * as z from "zod";

// The files that jobs write for people, with `context.report` of the job SDK.

/** A table as `context.report.table` writes it. */
export const tableReport = z.object({ columns: z.array(z.string()), rows: z.array(z.array(z.json())) });
export type TableReport = z.infer<typeof tableReport>;

/** A link as `context.report.link` writes it. */
export const linkReport = z.object({ url: z.string(), title: z.string() });

/** Media types of these two. */
export const tableType = "application/vnd.millrace.table+json";
export const linkType = "application/vnd.millrace.link+json";
