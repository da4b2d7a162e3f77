import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { REPOSITORY } from "../local/stack/paths.ts";
import { secondsOfPytest, slowestFiles } from "./slowest-files.ts";

const folder = mkdtempSync(join(tmpdir(), "millrace-slowest-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function written(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

const jestReport = JSON.stringify({
  testResults: Array.from({ length: 12 }, (_, place) => ({
    name: join(REPOSITORY, `test/${place}.test.ts`),
    startTime: 1000,
    endTime: 1000 + place * 1000,
  })),
});
const pytestReport = `<?xml version="1.0"?><testsuites><testsuite name="pytest" tests="3" time="9.0">
<testcase classname="tests.test_poems_fetch.TestJob" name="a" time="1.250" />
<testcase classname="tests.test_poems_fetch" name="b" time="99.0"><failure message="no" /></testcase>
<testcase classname="tests.test_names" name="c[x &gt; 1]" time="0.5" /></testsuite></testsuites>`;

describe("the slowest files", () => {
  it("are the ten slowest, of both languages, slowest first", () => {
    const text = slowestFiles({
      jest: written("jest.json", jestReport),
      pytest: written("pytest.xml", pytestReport),
    });
    const lines = text.split("\n");
    expect(lines.slice(0, 3)).toEqual([
      "slowest files:",
      "   100.3 s  batch-jobs/tests/test_poems_fetch.py",
      "    11.0 s  test/11.test.ts",
    ]);
    expect(lines).toHaveLength(11);
  });

  it("add up a file's tests, including those in classes", () => {
    expect([...secondsOfPytest(pytestReport)]).toEqual([
      ["batch-jobs/tests/test_poems_fetch.py", 100.25],
      ["batch-jobs/tests/test_names.py", 0.5],
    ]);
  });

  it("are none if no runner left a report", () => {
    const missing = join(folder, "missing");
    expect(slowestFiles({ jest: missing, pytest: missing })).toBe("slowest files:");
  });
});
