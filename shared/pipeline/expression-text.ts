import type { Expression } from "./expression.ts";
import { isJsonObject, type Json } from "./json.ts";

const operators: Readonly<Record<string, string>> = {
  $eq: "=",
  $ne: "≠",
  $lt: "<",
  $lte: "≤",
  $gt: ">",
  $gte: "≥",
  $and: "and",
  $or: "or",
};

function parts(operand: Json): readonly Json[] {
  return Array.isArray(operand) ? operand : [operand];
}

/** Text of an operator's operand: an operator within it gets parentheses. */
function operandText(expression: Json): string {
  const text = expressionText(expression);
  const [only] = isJsonObject(expression) ? Object.keys(expression) : [];
  return only !== undefined && only in operators ? `(${text})` : text;
}

function literalText(value: Json): string {
  if (Array.isArray(value)) return `[${value.map(expressionText).join(", ")}]`;
  if (!isJsonObject(value)) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, part = null]) => `${key}: ${expressionText(part)}`)
    .join(", ")} }`;
}

/**
 * An expression as people read it: `train_model.alpha > 0.5`, `params.alphas`, `flatten(a.file, b.train)`. It is for
 * pictures and messages; the expression itself is stored and compared.
 */
export function expressionText(expression: Expression): string {
  const [only, ...others] = isJsonObject(expression) ? Object.entries(expression) : [];
  if (only === undefined || others.length > 0 || !only[0].startsWith("$")) return literalText(expression);
  const [operator, operand = null] = only;
  if (operator === "$step") return parts(operand).join(".");
  if (operator === "$flatten") return `flatten(${parts(operand).map(expressionText).join(", ")})`;
  if (operator === "$maybe") return `maybe(${expressionText(operand)})`;
  if (operator === "$text") {
    return `"${parts(operand)
      .map((part) => (typeof part === "string" ? part : `{${expressionText(part)}}`))
      .join("")}"`;
  }
  if (operator === "$not") return `not ${operandText(parts(operand)[0] ?? null)}`;
  const sign = operators[operator];
  if (sign !== undefined) return parts(operand).map(operandText).join(` ${sign} `);
  return [operator.slice(1), ...parts(operand)].join(".");
}
