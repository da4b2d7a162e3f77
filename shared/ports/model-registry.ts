import * as z from "zod";
import { aliasName, type ModelVersion, modelActor, modelGate, modelName } from "../pipeline/model.ts";
import { openObject, type Stored } from "../pipeline/stored-record.ts";

/** What a gate decided by, as it is kept with the move. */
export const moveFigures = openObject({
  ...modelGate.shape,
  /** The candidate's own figure, and the base rate's on the same data. */
  value: z.number(),
  base: z.number(),
  /** The version that it was measured against, null for none. */
  against: z.int().positive().nullable(),
  /** Digest of the held-out data. */
  data: z.string(),
});
export type MoveFigures = z.infer<typeof moveFigures>;

/** One move of an alias: an entry of its log. The last one says which version has the alias. */
export const aliasMove = openObject({
  name: modelName,
  alias: aliasName,
  /** Moves of this alias are numbered from 1, without gaps. */
  number: z.int().positive(),
  /** By a gate, by hand, or back by hand. */
  kind: z.enum(["promotion", "set", "rollback"]),
  from: z.int().positive().nullable(),
  to: z.int().positive(),
  /** ISO 8601, UTC. */
  at: z.string(),
  by: modelActor,
  why: z.string(),
  figures: moveFigures.optional(),
});
export type AliasMove = z.infer<typeof aliasMove>;

/** A name of a version, such as `champion`. What newer code adds stays with the name, whichever version has it. */
export const modelAlias = openObject({ alias: z.string(), version: z.int().positive() });
export type ModelAlias = Stored<typeof modelAlias>;

/**
 * Versions of models and their aliases. Every write is idempotent: repeated after a lost response it changes nothing and
 * gives the same answer. Reads are consistent. Versions and moves are never changed and never removed.
 */
export type ModelRegistry = {
  /** Keeps a version number for a source: the next one of the name, or the one that the source was given before. */
  reserveVersion(name: string, source: string): Promise<number>;
  /** Writes a version under the number kept for it. @returns the version as it is stored: the first one stays */
  putVersion(version: ModelVersion): Promise<ModelVersion>;
  getVersion(name: string, version: number): Promise<ModelVersion | undefined>;
  /** Versions of a name in the order of their numbers. */
  listVersions(name: string): Promise<ModelVersion[]>;
  /** Names of models that have a version, in alphabetical order. */
  listNames(): Promise<string[]>;
  /** Which version has an alias. */
  getAlias(name: string, alias: string): Promise<number | undefined>;
  /** Aliases of a name, in alphabetical order. */
  listAliases(name: string): Promise<ModelAlias[]>;
  /**
   * Moves an alias and adds the move to its log, both or neither.
   *
   * @returns false when the move is not the next one of the alias: someone else has moved it meanwhile
   */
  moveAlias(move: AliasMove): Promise<boolean>;
  /** The moves of an alias from the first to the last. */
  listMoves(name: string, alias: string): Promise<AliasMove[]>;
};
