import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { batchJobsFolder } from "./images/family.ts";

/** How a contract says that a job may run on Lambda. */
const says = /\bruns: *"(?:lambda|auto)"/;

/**
 * Whether a family needs a Lambda function: one of its contracts says `runs: "lambda"` or `"auto"`. The text of the
 * contract decides. It is TypeScript that imports the definitions, and the template must not depend on them.
 *
 * @param root of the repository
 */
export function needsFunction(root: string, family: string): boolean {
  const file = join(root, batchJobsFolder, family, "contract.ts");
  return existsSync(file) && says.test(readFileSync(file, "utf8"));
}
