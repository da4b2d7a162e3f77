import { type ErrorCode, type ErrorKind, errorKinds } from "./error-codes.ts";

/** An error as it is shown and stored. An error that an author's code threw has no code. */
export type ShownError = {
  readonly name: string;
  readonly message: string;
  readonly code?: string | undefined;
  readonly remedy?: string | undefined;
};

/** Where the docs explain a code. Codes of newer versions have the same form. */
export const docsOf = (code: string) => `docs/errors.md#${code.toLowerCase()}`;

/** What all errors with a code have in common. */
export const kindOf = (code: ErrorCode): ErrorKind => errorKinds[code];

type Options = {
  /** Says more than the usual remedy of the code. */
  readonly remedy?: string;
  readonly cause?: unknown;
  readonly retryAfter?: number;
};

/** Whether this version knows a code. */
export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(errorKinds, code);

/**
 * An error of Millrace itself. The message says what is wrong, with field and value; the remedy says what to do.
 *
 * @hideconstructor
 */
export class MillraceError extends Error {
  override readonly name: string;
  /** One of docs/errors.md. */
  readonly code: string;
  readonly remedy: string;
  /** Whether a step that fails with it isn't retried. */
  readonly fatal: boolean;
  /** Seconds to wait before another try of the step that it fails. */
  readonly retryAfter?: number;
  /** Where the code is explained. */
  readonly docs: string;

  constructor(code: ErrorCode, message: string, options: Options = {}) {
    super(message, "cause" in options ? { cause: options.cause } : {});
    const { name, remedy, fatal = false } = kindOf(code);
    this.name = name;
    this.code = code;
    this.fatal = fatal;
    this.remedy = options.remedy ?? remedy;
    this.docs = docsOf(code);
    if (options.retryAfter !== undefined) this.retryAfter = options.retryAfter;
  }
}

/** A base for classes of errors that all have one code. */
export function errorOf(code: ErrorCode): new (message: string, options?: Options) => MillraceError {
  return class extends MillraceError {
    constructor(message: string, options?: Options) {
      super(code, message, options);
    }
  };
}

/** Any error as people may see it. Errors of other kinds may contain anything, so only their name and words are kept. */
export function shownError(error: unknown): ShownError {
  if (error instanceof MillraceError) {
    // A copy of an error would lose its message.
    const { name, message, code, remedy } = error;
    return { name, message, code, remedy };
  }
  if (error instanceof Error) return { name: error.name, message: error.message };
  return { name: "Error", message: "something else than an error was thrown" };
}

/** What is wrong, in one line: the message with its code, or with its name if it has none. */
export function errorTitle({ name, message, code }: ShownError): string {
  return code === undefined ? `${name}: ${message}` : `error[${code}]: ${message}`;
}

/** What to do, and where to read more, in at most two lines; none for an error of an author's code. */
export function remedyLines({ code, remedy }: ShownError): string[] {
  if (code === undefined) return [];
  return [...(remedy === undefined ? [] : [`→ ${remedy}`]), docsOf(code)];
}

/** An error with its code, remedy and docs, as a text of a few lines. {@link parseErrorText} reads it back. */
export function errorText(error: ShownError): string {
  return [errorTitle(error), ...remedyLines(error).map((line) => `  ${line}`)].join("\n");
}

/**
 * Reads {@link errorText} back. A deployed function's caller gets its error only as text.
 *
 * @returns undefined for the text of an error without a code
 */
export function parseErrorText(text: string): { code: string; message: string; remedy: string } | undefined {
  const [, code, message, remedy] =
    /^error\[([A-Z0-9_]+)\]: (.*)\n {2}→ (.*)\n {2}docs\/\S+$/s.exec(text) ?? [];
  if (code === undefined || message === undefined || remedy === undefined) return undefined;
  return { code, message, remedy };
}
