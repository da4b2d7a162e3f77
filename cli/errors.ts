import { CommanderError } from "commander";

/** Something that a person can fix. Its message is one line: what is wrong, which value, and what to do. */
export class CliError extends Error {
  override readonly name: string = "CliError";
}

/** A command that was typed in a form that it doesn't take. */
export class UsageError extends CliError {
  override readonly name = "UsageError";
}

/** The process's exit code: 2 if the command was typed wrong, 1 if it couldn't be done. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return error instanceof UsageError ? 2 : 1;
}

type Known = { name: string; message: string; code?: unknown };

function knownError(error: unknown): Known | undefined {
  if (!(error instanceof Error)) return undefined;
  return { name: error.name, message: error.message, ...("code" in error && { code: error.code }) };
}

const unreachable = ["ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "ECONNREFUSED", "ENETUNREACH"];

/** Explains errors of the SDK whose own message doesn't help. */
function sdkRemedy({ name, code }: Known, stage: string): string | undefined {
  const expired = ["ExpiredTokenException", "UnrecognizedClientException", "InvalidSignatureException"];
  if (name === "CredentialsProviderError") {
    return `no AWS credentials for stage "${stage}"; set AWS_PROFILE, or log in with \`aws sso login\` or \`aws configure\``;
  }
  if (expired.includes(name)) return `AWS refuses these credentials for stage "${stage}"; log in again`;
  if (name === "AccessDeniedException") return `these AWS credentials may not do that on stage "${stage}"`;
  if (name === "ResourceNotFoundException") {
    return stage === "local"
      ? "the local stack has nothing deployed; deploy with `npm run stack`"
      : `stage "${stage}" is not deployed in this region; deploy with \`npx sls deploy --stage ${stage}\`, or name --region`;
  }
  if (unreachable.includes(String(code)) && stage !== "local")
    return "AWS cannot be reached from here; look at the network, at HTTPS_PROXY, and whether --region is one";
  if (code === "ECONNREFUSED" && stage === "local")
    return "the local stack does not answer; start it with `npm run stack`";
  if (code === "ECONNRESET") return "the connection broke; run the command again";
  return undefined;
}

/** Errors whose message says everything. */
const plain: ReadonlySet<string> = new Set([
  ...["CliError", "UsageError", "StackError", "ModelNotFoundError"],
  ...["ValueMissingError", "ExpressionError", "NewerRecordError"],
]);

/** One line for an error that reached the top. */
export function errorLine(error: unknown, stage: string): string {
  const known = knownError(error);
  if (known === undefined) return String(error);
  if (plain.has(known.name)) return known.message;
  const remedy = sdkRemedy(known, stage);
  return remedy ?? `${known.name}: ${known.message || String(known.code)} (--verbose shows where)`;
}
