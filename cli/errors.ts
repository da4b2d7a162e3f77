import { CommanderError } from "commander";
import { errorOf, errorText, MillraceError, type ShownError } from "../shared/pipeline/millrace-error.ts";

/** A command that was typed in a form that it doesn't take. */
export class UsageError extends errorOf("USAGE") {}

/**
 * The error of a deployed function. The function's code may be newer than this checkout, so its code may be unknown
 * here.
 */
export class AnsweredError extends Error implements ShownError {
  override readonly name = "AnsweredError";
  readonly code: string;
  readonly remedy: string;
  constructor({ code, message, remedy }: { code: string; message: string; remedy: string }) {
    super(message);
    this.code = code;
    this.remedy = remedy;
  }
}

/** The process's exit code: 2 if the command was typed wrong, 1 if it couldn't be done. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  return error instanceof UsageError ? 2 : 1;
}

type Known = { name: string; message: string; code?: unknown };

const expired = ["ExpiredTokenException", "UnrecognizedClientException", "InvalidSignatureException"];
const unreachable = ["ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "ECONNREFUSED", "ENETUNREACH"];

/** Explains an error of the SDK whose own message doesn't help. */
function sdkError({ name, code }: Known, stage: string): MillraceError | undefined {
  const isLocal = stage === "local";
  if (name === "CredentialsProviderError") {
    return new MillraceError("AWS_CREDENTIALS_MISSING", `there are no AWS credentials for stage "${stage}"`);
  }
  if (expired.includes(name)) {
    return new MillraceError("AWS_CREDENTIALS_REFUSED", `AWS refuses these credentials for stage "${stage}"`);
  }
  if (name === "AccessDeniedException") {
    const message = `these AWS credentials may not do that on stage "${stage}"`;
    return new MillraceError("AWS_ACCESS_DENIED", message);
  }
  if (name === "ResourceNotFoundException") {
    if (isLocal) {
      const remedy = "Deploy with `npm run stack`.";
      return new MillraceError("STAGE_NOT_DEPLOYED", "nothing is deployed to the local stack", { remedy });
    }
    const remedy = `Deploy it with \`npx sls deploy --stage ${stage}\`, or correct --region.`;
    return new MillraceError("STAGE_NOT_DEPLOYED", `stage "${stage}" is not deployed in this region`, {
      remedy,
    });
  }
  if (code === "ECONNREFUSED" && isLocal) {
    return new MillraceError("LOCAL_STACK_NOT_RUNNING", "the local stack does not answer");
  }
  if (unreachable.includes(String(code)) && !isLocal) {
    return new MillraceError("AWS_UNREACHABLE", "AWS cannot be reached from here");
  }
  return code === "ECONNRESET" ? new MillraceError("CONNECTION_LOST", "the connection broke") : undefined;
}

/** An error that reached the top, with its code and remedy. */
export function explained(error: unknown, stage: string): MillraceError | AnsweredError {
  if (error instanceof MillraceError || error instanceof AnsweredError) return error;
  if (!(error instanceof Error)) return new MillraceError("UNEXPECTED", String(error));
  const code = "code" in error ? error.code : undefined;
  const { name, message } = error;
  const words = `${name}: ${message || String(code)}`;
  return sdkError({ name, message, code }, stage) ?? new MillraceError("UNEXPECTED", words);
}

/** What is printed for an error that reached the top: what is wrong, what to do, and where to read more. */
export function errorReport(error: unknown, stage: string): string {
  return errorText(explained(error, stage));
}
