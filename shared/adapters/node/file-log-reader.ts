import { open } from "node:fs/promises";
import path from "node:path";
import { type LogReader, partsOfLog } from "../../ports/log-reader.ts";

/** Bytes that are read from the end of a file. */
const readBytes = 256 * 1024;

const isMissing = (error: unknown) =>
  typeof error === "object" && error !== null && "code" in error && error.code === "ENOENT";

/** The end of a file as text, without a line that it cuts off; undefined if there is no such file. */
async function endOf(file: string): Promise<string | undefined> {
  try {
    await using handle = await open(file);
    const { size } = await handle.stat();
    const start = Math.max(0, size - readBytes);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - start), 0, size - start, start);
    const text = buffer.toString("utf8", 0, bytesRead);
    return start === 0 ? text : text.slice(text.indexOf("\n") + 1);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/**
 * Reads the logs of the local stack's Batch server, which keeps one file for each try.
 *
 * @param attempts the folder with one folder for each try, and for each call of a function. A log's location ends with
 * the name of that folder
 */
export function fileLogReader(attempts: string): Pick<LogReader, "tail"> {
  return {
    async tail(log, limit) {
      const { stream, request } = partsOfLog(log);
      const task = request ?? path.basename(stream);
      const text = await endOf(path.join(attempts, task, "log"));
      const lines = (text ?? "").split("\n").filter((line) => line.trim() !== "");
      return lines.slice(-limit).map((line) => ({ text: line }));
    },
  };
}
