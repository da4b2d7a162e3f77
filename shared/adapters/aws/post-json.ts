import { STATUS_CODES } from "node:http";
import * as z from "zod";
import { NoticeDelayedError, NoticeFailedError, NoticeRefusedError } from "../../ports/notifier.ts";

/** A receiver of JSON. */
export type Receiver = {
  /** Its name in errors, in place of its address, which may be a secret. */
  readonly name: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
};

/** A receiver didn't accept what it was sent. */
export class AnswerRefusedError extends NoticeRefusedError {
  readonly status: number;
  constructor(message: string, status: number, options: { remedy?: string } = {}) {
    super(message, options);
    this.status = status;
  }
}

/** Bytes of an answer to look at: enough to see the reason, however long the answer is. */
const maxAnswer = 200;

/** Maximum delay in seconds that a receiver may ask for: a notice must not be held back for days. */
const maxDelay = 3600;

/** Statuses below 500 that don't rule out another try (RFC 9110, 15.5; RFC 8470; RFC 6585). */
const passing: ReadonlySet<number> = new Set([408, 425, 429]);

/** First bytes of an answer. The rest is not read, and the connection is closed. */
async function firstCharacters({ body }: Response): Promise<string> {
  const bytes: number[] = [];
  const reader = body?.getReader();
  try {
    while (reader !== undefined && bytes.length < maxAnswer) {
      const { value, done } = await reader.read();
      if (done) break;
      for (const byte of value.subarray(0, maxAnswer)) bytes.push(byte);
    }
  } catch {
    // If an answer breaks off, its status has still arrived.
  } finally {
    await reader?.cancel().catch(() => undefined);
  }
  return String.fromCharCode(...bytes.slice(0, maxAnswer));
}

/** The reason in an answer, if it is a word such as Slack's `no_service`: any other text might reveal the address. */
async function reasonIn(response: Response): Promise<string> {
  const [word] = /^[a-z]+(_[a-z]+)*$/.exec((await firstCharacters(response)).trim()) ?? [];
  return word === undefined ? "" : ` (${word})`;
}

/** Seconds that an answer asks to wait: a number, or a time (RFC 9110, 10.2.3). @param now epoch milliseconds */
function retryAfter(response: Response, now: number): number | undefined {
  const text = response.headers.get("retry-after")?.trim();
  if (text === undefined || text === "") return undefined;
  const seconds = /^\d+$/.test(text) ? Number(text) : (Date.parse(text) - now) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.min(Math.max(0, seconds), maxDelay);
}

/** The form in which fetch reports a network error. */
const networkError = z.object({ cause: z.object({ code: z.string() }) });

/** The code of a network error. The error's message may reveal the address. */
function codeOf(thrown: unknown): string {
  return networkError.safeParse(thrown).data?.cause.code ?? "no connection";
}

/** Headers of a request; those of the receiver come before ours. */
function headersFor({ headers }: Receiver): Headers {
  const all = new Headers({ "content-type": "application/json; charset=utf-8", "user-agent": "millrace" });
  for (const [name, value] of Object.entries(headers)) all.set(name, value);
  return all;
}

async function answerOf(receiver: Receiver, body: string, signal: AbortSignal): Promise<Response> {
  const headers = headersFor(receiver);
  try {
    // A redirect's target is not the configured address, so no redirect is followed.
    return await fetch(receiver.url, { method: "POST", headers, body, signal, redirect: "manual" });
  } catch (thrown) {
    if (signal.aborted) throw new NoticeFailedError(`${receiver.name} did not answer in time`);
    throw new NoticeFailedError(`${receiver.name} cannot be reached: ${codeOf(thrown)}`);
  }
}

/**
 * Posts JSON once.
 *
 * @param signal aborted when the time limit is reached
 * @param now epoch milliseconds
 * @throws AnswerRefusedError, NoticeDelayedError or NoticeFailedError, which never reveal the address
 */
export async function postJson(
  receiver: Receiver,
  value: unknown,
  signal: AbortSignal,
  now: number,
): Promise<void> {
  const response = await answerOf(receiver, JSON.stringify(value), signal);
  const { status } = response;
  if (response.ok) {
    // Left unread: the worker may be frozen next, and a connection kept for later would be dead by then.
    await response.body?.cancel().catch(() => undefined);
    return;
  }
  const answered = `${receiver.name} answered ${status} ${STATUS_CODES[status] ?? ""}`.trimEnd();
  const message = `${answered}${await reasonIn(response)}`;
  if (status >= 300 && status < 400) {
    throw new AnswerRefusedError(`${message}; redirects are not followed`, status, {
      remedy: "Use the address that the redirect leads to.",
    });
  }
  if (status < 500 && !passing.has(status)) throw new AnswerRefusedError(message, status);
  const seconds = retryAfter(response, now);
  if (seconds !== undefined)
    throw new NoticeDelayedError(`${message} and asks to wait ${Math.ceil(seconds)} s`, seconds);
  throw new NoticeFailedError(message);
}
