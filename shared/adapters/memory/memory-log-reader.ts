import type { LogReader, WrittenLine } from "../../ports/log-reader.ts";

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
}
