import { readFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";

/** Lines of a file that are marked with the error they must give. */
function expectedErrors(file: string): string[] {
  const lines = readFileSync(file, "utf8").split("\n");
  return lines.flatMap((line, place) => {
    const code = /\/\/ (TS\d+)$/.exec(line)?.[1];
    return code === undefined ? [] : [`${place + 1} ${code}`];
  });
}

describe("the type-checker", () => {
  it("refuses wrong definitions, each at its line, and nothing else", async () => {
    const { stdout } = await execa({
      reject: false,
      preferLocal: true,
    })`tsc -p ${join(__dirname, "tsconfig.json")} --pretty false`;
    const errors = stdout.split("\n").flatMap((line) => {
      const [, file, at, code] = /^(.*)\((\d+),\d+\): error (TS\d+)/.exec(line) ?? [];
      return file?.endsWith("wrong-definitions.ts") ? [`${at} ${code}`] : [];
    });
    expect([...new Set(errors)]).toEqual(expectedErrors(join(__dirname, "wrong-definitions.ts")));
  });
});
