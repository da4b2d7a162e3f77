import { ExpressionError, evaluate } from "../pipeline/expression.ts";
import type { Json } from "../pipeline/json.ts";
import type { Engine } from "../ports/engine.ts";
import type { StoredStep } from "../ports/run-store.ts";
import { type Failure, failureOf, fatal } from "../state/failure.ts";
import { scopeOfStep } from "./step-input.ts";
import type { StepWork } from "./step-work.ts";

/** What follows a pass of a step: it was the last, there's another, or the step fails. */
export type AfterPass =
  | { kind: "done" }
  | { kind: "again"; delay: number }
  | { kind: "failed"; failure: Failure };

function holds(step: string, answer: Json): boolean {
  if (typeof answer === "boolean") return answer;
  throw new ExpressionError(
    `step "${step}": the condition of its repeat gave ${JSON.stringify(answer).slice(0, 80)}; it must be true or false`,
  );
}

/** Decides whether a step makes another pass. @param result of the pass that it has just made */
export async function afterPass(
  engine: Engine,
  work: StepWork,
  held: StoredStep,
  result: Json,
): Promise<AfterPass> {
  const { node } = work;
  const { repeat } = node;
  if (repeat === undefined) return { kind: "done" };
  try {
    const scope = await scopeOfStep(engine, work, [repeat.until]);
    if (holds(node.name, evaluate(repeat.until, { ...scope, result }))) return { kind: "done" };
  } catch (thrown) {
    if (!(thrown instanceof ExpressionError)) throw thrown;
    return { kind: "failed", failure: failureOf(thrown) };
  }
  const passes = (held.passes ?? 0) + 1;
  if (passes < repeat.limit) return { kind: "again", delay: repeat.delay * 1000 };
  const message = `its condition was still false after ${passes} passes`;
  return { kind: "failed", failure: fatal("REPEAT_LIMIT", message) };
}
