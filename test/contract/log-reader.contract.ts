import type { LogReader } from "../../shared/ports/log-reader.ts";

/** Reads logs, and a way to write one. */
export type TailUnderTest = {
  readonly reader: Pick<LogReader, "tail">;
  /** Writes the lines of a new log. @returns the log, as records name it */
  write(name: string, lines: readonly string[]): Promise<string>;
};

/** The behaviour of everything that reads the end of a log. */
export function logTailContract(underTest: () => Promise<TailUnderTest>): void {
  const textsOf = async ({ reader }: TailUnderTest, log: string, limit: number) =>
    (await reader.tail(log, limit)).map(({ text }) => text);

  test("the last lines are read, oldest first", async () => {
    const under = await underTest();
    const log = await under.write("order", ["one", "two", "three"]);
    expect(await textsOf(under, log, 10)).toEqual(["one", "two", "three"]);
    expect(await textsOf(under, log, 2)).toEqual(["two", "three"]);
  });

  test("a line is read as it was written", async () => {
    const under = await underTest();
    const lines = ['{"message":"größer","loss":0.5}', "  indented: <b>&amp;", "x".repeat(5000)];
    expect(await textsOf(under, await under.write("form", lines), 10)).toEqual(lines);
  });

  test("lines of other logs are not read", async () => {
    const under = await underTest();
    const log = await under.write("mine", ["mine"]);
    await under.write("mine-too", ["other"]);
    expect(await textsOf(under, log, 10)).toEqual(["mine"]);
  });

  test("a log that doesn't exist has no lines", async () => {
    const under = await underTest();
    const log = await under.write("there", ["a line"]);
    expect(await under.reader.tail(log.replace("there", "gone"), 10)).toEqual([]);
  });
}

/** Searches functions, and a way to let one write. */
export type SearchUnderTest = {
  readonly reader: Pick<LogReader, "search">;
  /** The groups of the functions that are searched. */
  readonly groups: readonly string[];
  write(group: string, lines: readonly (readonly [at: number, text: string])[]): Promise<void>;
};

/** The behaviour of everything that searches the lines of functions. */
export function logSearchContract(underTest: () => Promise<SearchUnderTest>): void {
  test("lines with a text are found in all functions, between two times, oldest first", async () => {
    const { reader, groups, write } = await underTest();
    const now = Date.now();
    const [first = "", second = ""] = groups;
    const line = (run: string, message: string) => JSON.stringify({ message, runId: run });
    await write(first, [
      [now - 5000, line("run-1", "too early")],
      [now - 3000, line("run-1", "a")],
      [now - 2000, line("run-2", "of another run")],
      [now - 1000, line("run-1", "c")],
    ]);
    await write(second, [[now - 2000, line("run-1", "b")]]);
    const { lines, isComplete } = await reader.search({ text: "run-1", from: now - 4000, to: now });
    expect(lines.map(({ at, text, log }) => [at, JSON.parse(text).message, log])).toEqual([
      [now - 3000, "a", first],
      [now - 2000, "b", second],
      [now - 1000, "c", first],
    ]);
    expect(isComplete).toBe(true);
  });

  test("a text that nobody wrote is not found, also while a function has no log", async () => {
    const { reader } = await underTest();
    const found = await reader.search({ text: "run-3", from: Date.now() - 1000, to: Date.now() });
    expect(found).toEqual({ lines: [], isComplete: true });
  });
}
