import { ExpressionError } from "./expression.ts";
import type { DefinitionProblem } from "./graph.ts";
import { RefUseError } from "./ref.ts";

/** Collects the mistakes of one step, so that a definition reports all of them together. */
export class StepProblems {
  private readonly step: string;
  private readonly found: DefinitionProblem[];

  /** @param found where the mistakes go */
  constructor(step: string, found: DefinitionProblem[]) {
    this.step = step;
    this.found = found;
  }

  /** Adds a mistake. @param field the option with the mistake; undefined if it concerns the whole step */
  add(field: string | undefined, problem: string): void {
    this.found.push({ step: this.step, ...(field !== undefined && { field }), problem });
  }

  /**
   * Returns the result of `make`. If `make` misuses a ref or an expression, this records the mistake and returns
   * `otherwise`.
   */
  attempt<T>(field: string, make: () => T, otherwise: T): T {
    try {
      return make();
    } catch (error) {
      if (!(error instanceof RefUseError || error instanceof ExpressionError)) throw error;
      this.add(field, error.message);
      return otherwise;
    }
  }
}
