import { readFileSync } from "node:fs";
import { type ContextFile, contentHash, imageFiles, isInImage } from "./content-hash.ts";

const file = (path: string, text: string): ContextFile => ({ path, bytes: Buffer.from(text) });

describe("contentHash", () => {
  test("does not depend on the order in which files are listed", () => {
    const files = [file("ridge/a.py", "1"), file("sdk/b.py", "2")];
    expect(contentHash(files)).toBe(contentHash(files.toReversed()));
  });

  test.each([
    ["another byte", [file("ridge/a.py", "2"), file("sdk/b.py", "2")]],
    ["another name", [file("ridge/c.py", "1"), file("sdk/b.py", "2")]],
    ["another file", [file("ridge/a.py", "1"), file("sdk/b.py", "2"), file("sdk/c.py", "")]],
    ["bytes that move to the next file", [file("ridge/a.py", "12"), file("sdk/b.py", "")]],
  ])("changes with %s", (_, changed) => {
    expect(contentHash(changed)).not.toBe(contentHash([file("ridge/a.py", "1"), file("sdk/b.py", "2")]));
  });

  test("is a tag that a registry accepts", () => {
    expect(contentHash([])).toMatch(/^[0-9a-f]{20}$/);
  });
});

describe("the files of an image", () => {
  test("include the family's code and lock, the SDK, and the Dockerfile", () => {
    const paths = imageFiles(process.cwd(), "ridge").map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining([
        "Dockerfile",
        "ridge/requirements.lock",
        "ridge/__main__.py",
        "sdk/millrace_job/__init__.py",
      ]),
    );
  });

  test("include nothing of another family", () => {
    const folders = imageFiles(process.cwd(), "ridge").map(({ path }) => path.split("/")[0]);
    expect(new Set(folders)).toEqual(new Set(["Dockerfile", "ridge", "sdk"]));
  });

  test.each([
    "ridge/__pycache__/jobs.cpython-311.pyc",
    "ridge/contract.ts",
    "sdk/tests/test_job.py",
    "ridge/.env",
  ])("don't include %s", (path) => {
    expect(isInImage(path)).toBe(false);
  });

  test("are those that Docker receives", () => {
    const patterns = readFileSync("batch-jobs/.dockerignore", "utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"));
    expect(patterns).toEqual(["**/.*", "**/__pycache__", "**/tests", "**/*.ts"]);
  });
});
