import { testPipeline } from "../../../shared/testing/test-pipeline.ts";
import { lineCount } from "./line-count.ts";

describe("line-count", () => {
  it("counts the words of every line that is not empty", async () => {
    const result = await testPipeline(lineCount, { params: { text: "a b\n\n c\n" } });
    expect(result.state).toBe("SUCCEEDED");
    expect(result.outputs.count).toEqual([
      { line: "a b", words: 2 },
      { line: " c", words: 1 },
    ]);
    expect(result.outputs.summarise).toEqual({ lines: 2, words: 3 });
  });

  it("refuses an empty text before anything starts", async () => {
    await expect(testPipeline(lineCount, { params: { text: "" } })).rejects.toThrow("params.text");
  });
});
