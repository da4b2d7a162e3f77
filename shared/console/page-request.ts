import * as z from "zod";
import { backfillIntervals, maxConcurrency } from "../backfill/backfill-times.ts";
import { tag } from "../pipeline/tag.ts";
import { type Cause, runStates } from "../state/run.ts";
import { typedJson } from "./form-values.ts";

// Requests come from addresses, from forms and from the JSON of buttons. Addresses and forms hold only text, so every
// field can be read from text too.

const name = z.string().min(1).max(200);
const count = z.coerce.number().pipe(z.int().nonnegative());
const index = count.pipe(z.int().max(1_000_000));
const yes = z.union([z.boolean(), z.stringbool()]);

/** A list, also as one text with commas. */
function listOf<T extends z.ZodType>(item: T, min: number, max: number) {
  const split = (value: unknown) =>
    typeof value === "string"
      ? value
          .split(",")
          .map((part) => part.trim())
          .filter((part) => part !== "")
      : value;
  return z.preprocess(split, z.array(item).min(min).max(max));
}

/** A date, or a time in UTC. */
const time = z.union([z.iso.date(), z.iso.datetime()]);
/** A date or a time as people type it. The time zone of the backfill decides what it means. */
const moment = z.string().min(1).max(40);
/** Kinds of causes. */
export const causeKinds = [
  ...(["object", "schedule", "manual", "backfill"] as const),
  ...(["rerun", "run", "step"] as const),
] as const satisfies readonly Cause["kind"][];
const levels = z.enum(["debug", "info", "warn", "error"]);

/** Tabs of the page of a run. */
export const runTabs = ["steps", "timeline", "graph", "data", "artifacts", "log"] as const;
export type RunTab = (typeof runTabs)[number];

/** What the page of a map shows: where its children are, what each got and made, or their curves over one another. */
export const mapViews = ["grid", "table", "curves"] as const;
export type MapView = (typeof mapViews)[number];

const requests = [
  z.strictObject({ page: z.literal("home") }),
  z.strictObject({
    page: z.literal("runs"),
    pipeline: name.optional(),
    state: listOf(z.enum(runStates), 1, runStates.length).optional(),
    /** Only runs with this tag, and only those without that one. */
    tag: tag.optional(),
    without: tag.optional(),
    since: time.optional(),
    until: time.optional(),
    cause: z.enum(causeKinds).optional(),
    /** Only runs with this parameter: `alpha=0.1`, `model.kind=ridge`, `alphas.0=1`. */
    param: z
      .string()
      .max(300)
      .regex(/^[^=]+=/, "takes PATH=VALUE, such as alpha=0.1")
      .optional(),
    /** Only runs that took longer, in seconds. */
    longer: count.optional(),
    /** Where the previous page ended. */
    from: z.string().min(1).max(300).optional(),
  }),
  z.strictObject({ page: z.literal("run"), runId: name, tab: z.enum(runTabs).default("steps") }),
  z.strictObject({
    page: z.literal("step"),
    runId: name,
    step: name,
    /** A child of a map. */
    index: index.optional(),
    level: levels.optional(),
    /** Only log lines with this text. */
    text: z.string().min(1).max(200).optional(),
  }),
  z.strictObject({
    page: z.literal("map"),
    runId: name,
    step: name,
    /** Index of the first child of the row that is open. */
    row: index.optional(),
    /** Which child to find: its index, or text of its item. */
    find: z.string().min(1).max(200).optional(),
    view: z.enum(mapViews).default("grid"),
    /** Column that its table is sorted by; with a `-` before it, the highest first. */
    sort: z.string().min(1).max(200).optional(),
  }),
  z.strictObject({
    page: z.literal("compare"),
    runs: listOf(name, 2, 5),
    /** Whether to show also what is the same. */
    all: yes.default(false),
  }),
  /** The runs that were ticked in a list. */
  z.strictObject({ page: z.literal("chosen"), runs: listOf(name, 1, 50).optional() }),
  z.strictObject({
    page: z.literal("pipeline"),
    pipeline: name,
    /** The run whose parameters the start form begins with. */
    again: name.optional(),
  }),
  z.strictObject({
    page: z.literal("backfill"),
    /** Without it, all backfills are listed. */
    backfill: name.optional(),
  }),
  /** A backfill that somebody plans. Without a range, only the form. */
  z.strictObject({
    page: z.literal("backfill-plan"),
    pipeline: name,
    from: moment.optional(),
    to: moment.optional(),
    every: z.enum(backfillIntervals).optional(),
    /** Instead of `every`: one of the pipeline's schedules. */
    schedule: name.optional(),
    concurrency: z.coerce.number().pipe(z.int().min(1).max(maxConcurrency)).optional(),
    retryFailed: yes.optional(),
    params: z.preprocess(
      (value) => (typeof value === "string" ? typedJson(value) : value),
      z.record(z.string(), z.json()).optional(),
    ),
  }),
  z.strictObject({
    page: z.literal("models"),
    name: name.optional(),
    /** Versions to compare. */
    versions: listOf(z.coerce.number().pipe(z.int().positive()), 1, 5).optional(),
    /** The list of versions goes on with those that have lower numbers. */
    below: count.pipe(z.int().positive()).optional(),
  }),
  z.strictObject({ page: z.literal("queues"), queue: name.optional() }),
  z.strictObject({ page: z.literal("approvals") }),
  z.strictObject({
    page: z.literal("schedules"),
    /** The first of the seven days of the calendar. */
    week: z.iso.date().optional(),
  }),
  z.strictObject({ page: z.literal("probe") }),
] as const;

/** Which page to show, with its filters, tab and ranges. */
export const pageRequest = z.discriminatedUnion("page", requests, {
  error: `is none of ${requests.map(({ shape }) => shape.page.value).join(", ")}`,
});
export type PageRequest = z.output<typeof pageRequest>;
export type PageName = PageRequest["page"];
export type RequestOf<P extends PageName> = Extract<PageRequest, { page: P }>;

/** Fields that code may leave out when it names a page. */
type Defaulted = "tab" | "all" | "view";
type Target<R> = Omit<R, Defaulted> & Partial<Pick<R, Extract<keyof R, Defaulted>>>;
/** A page as code names it: what has a default may be left out. */
export type PageTarget = { [P in PageName]: Target<RequestOf<P>> }[PageName];

/** The names of all pages. */
export const pageNames: readonly PageName[] = requests.map(({ shape }) => shape.page.value);
