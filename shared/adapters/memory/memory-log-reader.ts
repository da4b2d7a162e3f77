import type { LogReader, LogSearch, WrittenLine } from "../../ports/log-reader.ts";

/** Logs in memory, by `group:stream`. */
export class MemoryLogReader implements LogReader {
  private readonly logs = new Map<string, WrittenLine[]>();

  /** Adds lines to a log. */
  write(log: string, lines: readonly WrittenLine[]): void {
    this.logs.set(log, [...(this.logs.get(log) ?? []), ...lines]);
  }

  async tail(log: string, limit: number): Promise<WrittenLine[]> {
    return (this.logs.get(log) ?? []).slice(-limit);
  }

  /** Groups of functions begin as AWS names them. */
  async search({ text, from, to }: LogSearch) {
    const lines = [...this.logs]
      .filter(([log]) => log.startsWith("/aws/lambda/"))
      .flatMap(([log, written]) =>
        written.flatMap(({ at = from, text: line }) => [{ at, text: line, log: log.split(":")[0] ?? log }]),
      )
      .filter((line) => line.text.includes(text) && line.at >= from && line.at <= to)
      .toSorted((a, b) => a.at - b.at);
    return { lines, isComplete: true };
  }
}
