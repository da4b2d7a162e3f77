import type { ModelActor } from "../pipeline/model.ts";
import type { Engine } from "../ports/engine.ts";
import type { AliasMove } from "../ports/model-registry.ts";
import { holderAfter, standingHolders } from "./alias-log.ts";
import { ModelAliasError, ModelNotFoundError } from "./model-errors.ts";

/** A request to move a model's alias: who makes it, and why. */
export type AliasRequest = {
  readonly name: string;
  readonly alias: string;
  readonly by: ModelActor;
  readonly why: string;
};

async function move(
  engine: Engine,
  { name, alias, by, why }: AliasRequest,
  moves: readonly AliasMove[],
  what: Pick<AliasMove, "kind" | "to" | "figures">,
): Promise<AliasMove> {
  const next: AliasMove = {
    name,
    alias,
    number: moves.length + 1,
    from: holderAfter(moves),
    at: new Date(engine.clock.now()).toISOString(),
    by,
    why,
    ...what,
  };
  if (await engine.models.moveAlias(next)) return next;
  const holder = await engine.models.getAlias(name, alias);
  throw new ModelAliasError(
    `alias "${alias}" of model ${name} was moved by someone else just now, and is version ${holder}; nothing was changed`,
    { remedy: `Look at \`npx millrace models ${name} log\`, then try again.` },
  );
}

/**
 * Gives a version an alias by hand, without a gate.
 *
 * @throws ModelNotFoundError
 * @throws ModelAliasError if the version already has it, or somebody else moved it at the same time
 */
export async function setAlias(
  engine: Engine,
  request: AliasRequest & { readonly version: number },
): Promise<AliasMove> {
  const { name, alias, version } = request;
  if ((await engine.models.getVersion(name, version)) === undefined)
    throw new ModelNotFoundError(name, version);
  const moves = await engine.models.listMoves(name, alias);
  if (holderAfter(moves) === version) {
    throw new ModelAliasError(
      `alias "${alias}" of model ${name} is already version ${version}; nothing was changed`,
    );
  }
  return move(engine, request, moves, { kind: "set", to: version });
}

/**
 * Returns an alias to the version that had it before, according to the log. Two rollbacks go back by two versions.
 *
 * @param request `from` is the version that loses the alias. A repeated request finds another version there, so it does
 * nothing
 * @throws ModelNotFoundError
 * @throws ModelAliasError if no version had it before, or somebody else moved it meanwhile
 */
export async function rollBackAlias(
  engine: Engine,
  request: AliasRequest & { readonly from: number },
): Promise<AliasMove> {
  const { name, alias, from } = request;
  const moves = await engine.models.listMoves(name, alias);
  const holder = holderAfter(moves);
  if (holder === null) throw new ModelNotFoundError(name, alias);
  if (holder !== from) {
    throw new ModelAliasError(
      `alias "${alias}" of model ${name} is version ${holder}, not ${from}; nothing was changed`,
      { remedy: `Look at \`npx millrace models ${name} log\`, then try again.` },
    );
  }
  const to = standingHolders(moves).at(-2);
  if (to === undefined) {
    throw new ModelAliasError(
      `alias "${alias}" of model ${name} is version ${holder} and was no other version before`,
      { remedy: `Set it to a version: \`npx millrace models ${name} alias ${alias} VERSION --why …\`.` },
    );
  }
  return move(engine, request, moves, { kind: "rollback", to });
}
