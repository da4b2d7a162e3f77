import * as z from "zod";
import { definePipeline, lambda, type StepContext } from "../../../shared/pipeline/index.ts";

type Line = { line: string; words: number };

/** The lines of a text that are not empty. */
export function splitText({ text }: { text: string }): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}

export function countWords({ line }: { line: string }, { log }: Pick<StepContext, "log">): Line {
  const words = line.trim().split(/\s+/).length;
  log.info("counted", { words });
  return { line, words };
}

export function summarise({ lines }: { lines: Line[] }): { lines: number; words: number } {
  return { lines: lines.length, words: lines.reduce((sum, { words }) => sum + words, 0) };
}

/** Counts the words of a text, line by line: an example to put your own steps in the place of. */
export const lineCount = definePipeline(
  {
    name: "line-count",
    params: z.strictObject({ text: z.string().min(1).default("one line\nand another one\n") }),
    // What starts a run by itself: cron("0 3 * * *"), objectCreated({ prefix: "raw/…", params }), …
    triggers: [],
  },
  ({ params, step, map }) => {
    const texts = step("split", lambda({ text: params.text }, splitText));
    const lines = map("count", texts, (line) => lambda({ line }, countWords), { retries: 2 });
    return step("summarise", lambda({ lines }, summarise));
  },
);
