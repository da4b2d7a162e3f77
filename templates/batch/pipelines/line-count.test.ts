import { testPipeline } from "../../../shared/testing/test-pipeline.ts";
import { lineCount } from "./line-count.ts";

const report = {
  ...{ uri: "s3://data/words.table.json", sha256: "0".repeat(64), bytes: 1 },
  mediaType: "application/vnd.millrace.table+json",
};

describe("line-count", () => {
  it("counts the text in a job, and returns the words in a line", async () => {
    const asked: unknown[] = [];
    const result = await testPipeline(lineCount, {
      params: { text: "a b\nc\n" },
      jobs: {
        "line_count.count": (input) => {
          asked.push(input);
          return { lines: 2, words: 3, report };
        },
      },
    });
    expect(result.state).toBe("SUCCEEDED");
    expect(asked).toMatchObject([{ text: { bytes: 6, mediaType: "text/plain" } }]);
    expect(result.outputs.summarise).toEqual({ wordsPerLine: 1.5 });
  });

  it("fails with the job's reason if that fails", async () => {
    const result = await testPipeline(lineCount, {
      jobs: {
        "line_count.count": () => {
          throw new Error("not a text");
        },
      },
    });
    expect(result).toMatchObject({ state: "FAILED", error: { step: "count", message: "not a text" } });
  });
});
