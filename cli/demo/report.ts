import { styleText } from "node:util";
import { bytesText } from "../../shared/wording/units.ts";
import { table } from "../screens/table.ts";
import type { ListedObject, RidgeResults } from "./ridge-results.ts";

/** A whole number keeps one decimal, as in the objects' names. */
function alphaText(alpha: number): string {
  return Number.isInteger(alpha) ? alpha.toFixed(1) : alpha < 0.0001 ? alpha.toExponential() : String(alpha);
}

function indented(text: string): string {
  return text.replace(/^(?=.)/gm, "  ");
}

/** R² of each model, and which model was chosen. */
export function resultsText({ scores, best }: RidgeResults): string {
  const rows = scores.map(({ alpha, r2 }) => [
    alphaText(alpha),
    r2.toFixed(6),
    alpha === best.alpha ? styleText("green", "← chosen") : "",
  ]);
  return [
    styleText("bold", "Six models, by the share of variance that they explain on the test set"),
    indented(table(["ALPHA", "R²", ""], rows)),
    "",
    styleText("bold", `The chosen model, ${bytesText(best.model.bytes)}`),
    `  ${best.model.uri}`,
  ].join("\n");
}

/** What the run left in S3: results by name, and how many small files of their own the engine and jobs keep. */
export function objectsText(bucket: string, prefix: string, objects: readonly ListedObject[]): string {
  const isResult = ({ key }: ListedObject) => !/(^|\/)_[^/]*(\/|$)/.test(key.slice(prefix.length));
  const results = objects.filter(isResult);
  const others = objects.length - results.length;
  const width = Math.max(0, ...results.map(({ bytes }) => String(bytes).length));
  return [
    styleText("bold", "What the run left in S3, in bytes; everything else it cleaned up"),
    `  s3://${bucket}/${prefix}`,
    ...results.map(({ key, bytes }) => `  ${String(bytes).padStart(width)} ${key.slice(prefix.length)}`),
    styleText("gray", `  and ${others} small files that tell how it came about: inputs, claims, manifests`),
  ].join("\n");
}

/** Where to go from here. */
export function nextCommandsText(runId: string, bucket: string, running: boolean): string {
  return [
    styleText("bold", "Look closer"),
    ...(running ? [] : ["  npm run stack          first: starts all of this again, with this run in it"]),
    `  npx millrace run ${runId}`,
    `  npx millrace export ${runId}`,
    "  npx millrace graph ridge-sweep",
    "  npx millrace start ridge-sweep --follow",
    `  npx sls invoke -f start -s local --data '{"pipeline":"ridge-sweep"}'`,
    `  aws s3 cp your.csv s3://${bucket}/raw/ridge/`,
    styleText("gray", "  The last one needs the exports that `npm run stack` prints."),
    styleText("gray", "  your.csv: two columns, x and y. Any S3 client will do."),
    "",
    styleText("bold", "Its page in a browser, with its timeline, its graph and its buttons"),
    `  ./millrace console ${runId} --open`,
  ].join("\n");
}
