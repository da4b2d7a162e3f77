import * as z from "zod";
import {
  type Artifact,
  batch,
  definePipeline,
  lambda,
  type StepContext,
} from "../../../shared/pipeline/index.ts";
import { line_count as jobs } from "../batch-jobs/line_count/contract.ts";

async function writeText(
  { text }: { text: string },
  { artifacts }: StepContext,
): Promise<{ file: Artifact }> {
  return { file: await artifacts.write("text.txt", text, "text/plain") };
}

/** Words a line, of texts that have any. */
export function summarise({ lines, words }: { lines: number; words: number }): { wordsPerLine: number } {
  return { wordsPerLine: lines === 0 ? 0 : words / lines };
}

/** Counts the words of a text in a Batch job: an example to put your own steps in the place of. */
export const lineCount = definePipeline(
  {
    name: "line-count",
    params: z.strictObject({ text: z.string().min(1).default("one line\nand another one\n") }),
    // What starts a run by itself: cron("0 3 * * *"), objectCreated({ prefix: "raw/…", params }), …
    triggers: [],
  },
  ({ params, step }) => {
    const text = step("write_text", lambda({ text: params.text }, writeText));
    const { lines, words } = step("count", batch(jobs.count, { text: text.file }), { retries: 2 });
    return step("summarise", lambda({ lines, words }, summarise));
  },
);
