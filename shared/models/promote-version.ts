import { errorOf } from "../pipeline/millrace-error.ts";
import type { ModelActor, ModelEvaluation, Promotion, PromotionRequest } from "../pipeline/model.ts";
import type { Engine } from "../ports/engine.ts";
import { holderAfter } from "./alias-log.ts";
import { type Candidate, decidePromotion } from "./decide-promotion.ts";
import { dataDigest } from "./model-digest.ts";
import { ModelNotFoundError } from "./model-errors.ts";

/** An evaluation lacks a figure that the gate decides by. */
export class EvaluationError extends errorOf("MODEL_EVALUATION") {}

function figureOf(
  evaluation: ModelEvaluation,
  of: "candidate" | "champion" | "base",
  metric: string,
): number {
  const figures = evaluation[of] ?? {};
  const value = figures[metric];
  if (typeof value === "number") return value;
  const known = Object.keys(figures).join(", ") || "none";
  throw new EvaluationError(
    `evaluation.${of} has no number "${metric}", which the gate compares; its figures are: ${known}`,
  );
}

function championFigure(evaluation: ModelEvaluation, metric: string): number | null {
  const { champion, against } = evaluation;
  if ((champion === null) === (against === null)) {
    return champion === null ? null : figureOf(evaluation, "champion", metric);
  }
  throw new EvaluationError(
    `evaluation.champion ${champion === null ? "is null" : "has figures"}, and evaluation.against is ${against}`,
    {
      remedy:
        "Set both for the champion that the candidate was compared with, or both to null if there was none.",
    },
  );
}

function candidateOf(request: PromotionRequest, by: ModelActor): Candidate {
  const { name, version, alias, evaluation, gate } = request;
  return {
    name,
    version,
    alias,
    by,
    championValue: championFigure(evaluation, gate.metric),
    figures: {
      ...gate,
      value: figureOf(evaluation, "candidate", gate.metric),
      base: figureOf(evaluation, "base", gate.metric),
      against: evaluation.against,
      data: dataDigest(evaluation.data),
    },
  };
}

/**
 * Gives a version an alias if the gate allows it. The move succeeds only if nobody has moved the alias since it was
 * read. Otherwise the gate decides again, against the version that has the alias then. If the same step repeats the
 * request, even after a crash, it gets its first answer again, even if another version has the alias by now.
 *
 * @throws EvaluationError, ModelNotFoundError; nothing was moved then
 */
export async function promoteVersion(
  engine: Engine,
  request: PromotionRequest,
  by: ModelActor,
): Promise<Promotion> {
  const { name, version, alias } = request;
  const candidate = candidateOf(request, by);
  if ((await engine.models.getVersion(name, version)) === undefined)
    throw new ModelNotFoundError(name, version);
  for (;;) {
    const moves = await engine.models.listMoves(name, alias);
    const { kind, reason } = decidePromotion(candidate, moves);
    const answer = { reason, name, version, alias };
    // The decision and its reason come first, because people may only see one line of it.
    if (kind !== "promote") return { promoted: kind === "promoted", ...answer, holder: holderAfter(moves) };
    const moved = await engine.models.moveAlias({
      name,
      alias,
      number: moves.length + 1,
      kind: "promotion",
      from: holderAfter(moves),
      to: version,
      at: new Date(engine.clock.now()).toISOString(),
      by,
      why: reason,
      figures: candidate.figures,
    });
    // If it wasn't moved, somebody else was faster, and the gate decides again. In each round, one of the competing
    // steps succeeds.
    if (moved) return { promoted: true, ...answer, holder: version };
  }
}
