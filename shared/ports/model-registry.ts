import * as z from "zod";
import { aliasName, type ModelVersion, modelActor, modelGate, modelName } from "../pipeline/model.ts";
import { openObject, type Stored } from "../pipeline/stored-record.ts";

/** The figures that a gate's decision was based on, as stored with the move. */
export const moveFigures = openObject({
  ...modelGate.shape,
  /** The candidate's own figure, and the base rate's on the same data. */
  value: z.number(),
  base: z.number(),
  /** The version that it was compared with, null for none. */
  against: z.int().positive().nullable(),
  /** Digest of the held-out data. */
  data: z.string(),
});
export type MoveFigures = z.infer<typeof moveFigures>;

/** One move of an alias: an entry of its log. The last entry says which version has the alias. */
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

/**
 * A name of a version, such as `champion`. Fields that newer code adds stay with the name, whichever version has it.
 */
export const modelAlias = openObject({ alias: z.string(), version: z.int().positive() });
export type ModelAlias = Stored<typeof modelAlias>;

/**
 * Versions of models and their aliases. Every write is idempotent: repeated after a lost response, it changes nothing
 * and gives the same answer. Reads are consistent. Versions and moves are never changed or removed.
 */
export type ModelRegistry = {
  /** Reserves a version number for a source: the model's next one, or the one that the source already has. */
  reserveVersion(name: string, source: string): Promise<number>;
  /** Writes a version under its reserved number. @returns the version as it is stored: the first one stays */
  putVersion(version: ModelVersion): Promise<ModelVersion>;
  getVersion(name: string, version: number): Promise<ModelVersion | undefined>;
  /** Versions of a model in the order of their numbers. */
  listVersions(name: string): Promise<ModelVersion[]>;
  /** The newest versions of a model, newest first. @param below only those with lower numbers */
  newestVersions(name: string, limit: number, below?: number): Promise<ModelVersion[]>;
  /** Names of models that have a version, in alphabetical order. */
  listNames(): Promise<string[]>;
  /** The version that has an alias. */
  getAlias(name: string, alias: string): Promise<number | undefined>;
  /** Aliases of a model, in alphabetical order. */
  listAliases(name: string): Promise<ModelAlias[]>;
  /**
   * Moves an alias and adds the move to its log, both or neither.
   *
   * @returns false if the move is not the next one of the alias, because another move came first
   */
  moveAlias(move: AliasMove): Promise<boolean>;
  /** The moves of an alias from the first to the last. */
  listMoves(name: string, alias: string): Promise<AliasMove[]>;
};
