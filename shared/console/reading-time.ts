import { AsyncLocalStorage } from "node:async_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { errorOf } from "../pipeline/millrace-error.ts";

/** Something could not be read in the time that a page has. */
export class ReadTimeout extends errorOf("READ_TIMEOUT") {}

/** Milliseconds from the start of a page until it goes on without what isn't read yet. */
export type ReadingLimits = {
  /** For sections: the page says which are missing. */
  readonly sections: number;
  /** For all that it can't do without. */
  readonly page: number;
};

/** The function `console` has 15 seconds. */
export const usualLimits: ReadingLimits = { sections: 10_000, page: 13_000 };

type Deadline = { readonly at: number; readonly milliseconds: number };
const deadlines = new AsyncLocalStorage<Deadline>();

const secondsText = (milliseconds: number) => `${milliseconds / 1000} s`;

/** What is read, if that ends before a deadline. @throws ReadTimeout otherwise; the reading itself goes on */
async function before<T>(reading: Promise<T>, { at, milliseconds }: Deadline): Promise<T> {
  const ended = new AbortController();
  const late = async () => {
    await delay(Math.max(0, at - performance.now()), undefined, { signal: ended.signal });
    throw new ReadTimeout(`it was not read within ${secondsText(milliseconds)}`);
  };
  try {
    return await Promise.race([reading, late()]);
  } finally {
    ended.abort();
  }
}

/** Reads a page within limits, which {@link inSectionTime} finds again. @throws ReadTimeout */
export function inPageTime<T>({ sections, page }: ReadingLimits, read: () => Promise<T>): Promise<T> {
  const now = performance.now();
  const deadline = { at: now + sections, milliseconds: sections };
  return deadlines.run(deadline, () => before(read(), { at: now + page, milliseconds: page }));
}

/** What a section reads, if that ends in the time that sections of its page have. @throws ReadTimeout */
export function inSectionTime<T>(reading: Promise<T>): Promise<T> {
  const deadline = deadlines.getStore();
  return deadline === undefined ? reading : before(reading, deadline);
}
