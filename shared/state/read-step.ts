import * as z from "zod";
import { NewerRecordError, unknownWords } from "../pipeline/stored-record.ts";
import {
  type FoundStep,
  isNewer,
  type NewerStep,
  outlineKinds,
  type StepFacts,
  type StepOutline,
  type StepRecord,
  stepFacts,
  stepKinds,
  stepLabel,
} from "./step-record.ts";

type Kind = (typeof stepKinds)[number];
type OutlineKind = (typeof outlineKinds)[number];
type Fields = Readonly<Record<string, unknown>>;

const wordOf = (state: unknown, holder: unknown) => `${String(state)} ${String(holder ?? "")}`;

function byWord<K extends Kind | OutlineKind>(kinds: readonly K[]): ReadonlyMap<string, K> {
  return new Map(
    kinds.flatMap((kind) => {
      const [holder] = "holder" in kind.shape ? kind.shape.holder.options : [];
      return kind.shape.state.options.map((state) => [wordOf(state, holder), kind] as const);
    }),
  );
}

const kindByWord = byWord<Kind>(stepKinds);
const outlineByWord = byWord<OutlineKind>(outlineKinds);

const words = z.looseObject({ state: z.string(), holder: z.string().exactOptional() });

function newerStep(fields: unknown): NewerStep {
  const { state, holder, ...rest } = words.parse(fields);
  const stored = { state, ...(holder !== undefined && { holder }) };
  const { success, error } = stepFacts.safeParse(rest);
  if (!success && unknownWords(error, rest) === undefined) throw error;
  // Its facts may also have words that the type lacks. They are shown, but no code acts on them.
  return { ...(rest as StepFacts), state: "UNKNOWN", stored };
}

/**
 * Reads a step's record from its stored fields with the schema of its kind.
 *
 * @throws ZodError for fields that aren't a record of any version
 */
export function readStep(fields: Fields): FoundStep {
  const kind = kindByWord.get(wordOf(fields.state, fields.holder));
  if (kind === undefined) return newerStep(fields);
  const parsed = kind.safeParse(fields);
  if (parsed.success) return parsed.data;
  if (unknownWords(parsed.error, fields) === undefined) throw parsed.error;
  return newerStep(fields);
}

/**
 * Reads the outline of a step's record from its stored fields, as {@link readStep} reads the record.
 *
 * @throws ZodError for fields that aren't a record of any version
 */
export function readOutline(fields: Fields): StepOutline {
  const kind = outlineByWord.get(wordOf(fields.state, fields.holder));
  if (kind === undefined) return newerStep(fields);
  const parsed = kind.safeParse(fields);
  if (parsed.success) return parsed.data;
  if (unknownWords(parsed.error, fields) === undefined) throw parsed.error;
  return newerStep(fields);
}

/** Whether this code knows the record's state and holder. A record that never left the process needs no other check. */
export function hasKnownWords(record: StepRecord): boolean {
  return kindByWord.has(wordOf(record.state, "holder" in record ? record.holder : undefined));
}

/** The records of a list that this code may change. */
export function knownSteps<R extends StepOutline>(records: readonly R[]): Exclude<R, NewerStep>[] {
  return records.filter((record): record is Exclude<R, NewerStep> => !isNewer(record));
}

/**
 * Requires a record that this code may change.
 *
 * @throws NewerRecordError if newer code has written it
 */
export function knownStep<R extends FoundStep>(record: R): Exclude<R, NewerStep> {
  if (!isNewer(record)) return record as Exclude<R, NewerStep>;
  const { runId, step, index, stored } = record;
  const holder = stored.holder === undefined ? "" : ` and holder ${JSON.stringify(stored.holder)}`;
  throw new NewerRecordError(
    `step ${stepLabel(step, index)} of run ${runId}`,
    `state ${JSON.stringify(stored.state)}${holder}`,
  );
}
