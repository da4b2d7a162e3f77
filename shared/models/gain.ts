/** The direction in which a figure improves. */
export type Better = "lower" | "higher";

/**
 * How much better a figure is than another, as a share of the other: 0.01 is 1 % better, -0.01 is 1 % worse. If the
 * other is 0, there's no share, and anything better is infinitely better.
 */
export function gainOf(better: Better, own: number, other: number): number {
  const difference = better === "lower" ? other - own : own - other;
  return difference === 0 ? 0 : difference / Math.abs(other);
}

/** A share in per cent: two significant digits, or all digits before the decimal point if there are more. */
export function percentText(share: number): string {
  const percent = Math.abs(share) * 100;
  if (!Number.isFinite(percent)) return "any per cent";
  return `${percent >= 10 ? percent.toFixed(0) : Number(percent.toPrecision(2))} %`;
}

/** A gain in words: `better by 1.2 %`, `worse by 0.48 %`, `the same`. */
export function gainText(gain: number): string {
  if (gain === 0) return "the same";
  return `${gain > 0 ? "better" : "worse"} by ${percentText(gain)}`;
}

/** A figure with a number of significant digits, but never with an exponent, which is hard to read. */
function figureText(figure: number, digits: number): string {
  const text = figure.toPrecision(digits);
  return text.includes("e") ? String(Number(text)) : text;
}

/** Two figures with four significant digits each, or with as many as it takes to tell them apart. */
export function valuesText(a: number, b: number): [string, string] {
  for (let digits = 4; digits < 17; digits += 1) {
    const [own, other] = [figureText(a, digits), figureText(b, digits)];
    if (a === b || own !== other) return [own, other];
  }
  return [String(a), String(b)];
}
