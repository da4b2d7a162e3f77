import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { NODE_BIN, REPOSITORY, VENV } from "../../local/stack/paths.ts";

/** What a pipeline, its job, and the tools that check them need. */
const sources = [
  ...["batch-jobs", "cli", "functions", "local", "pipelines", "resources", "shared", "templates"],
  ...["biome.json", "jest.config.cjs", "package.json", "ruff.toml", "tsconfig.json", ".gitignore"],
  // Jest's configuration names it.
  "test/e2e-first.cjs",
];
const caches = new Set(["__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache"]);

const root = mkdtempSync(path.join(tmpdir(), "millrace-init-"));
const node = path.join(NODE_BIN, "node");

beforeAll(() => {
  for (const source of sources) {
    cpSync(path.join(REPOSITORY, source), path.join(root, source), {
      recursive: true,
      filter: (file) => !caches.has(path.basename(file)),
    });
  }
  symlinkSync(path.join(REPOSITORY, "node_modules"), path.join(root, "node_modules"));
  symlinkSync(VENV, path.join(root, ".venv"));
});

afterAll(() => rmSync(root, { recursive: true, force: true }));

/** Runs a command in the copy. Returns its exit code and its output. */
async function run(command: string, args: readonly string[], folder = ".") {
  const { exitCode, all } = await execa(command, args, {
    ...{ cwd: path.join(root, folder), all: true, reject: false },
    env: { NODE_OPTIONS: "--disable-warning=MODULE_TYPELESS_PACKAGE_JSON" },
  });
  return { exitCode, all };
}
const millrace = (...args: string[]) => run(node, ["cli/millrace.ts", ...args]);
const tool = (name: string, ...args: string[]) => run(path.join(NODE_BIN, name), args);
const python = (...args: string[]) => run(path.join(VENV, "bin", "python"), ["-m", ...args], "batch-jobs");
/** The results of the commands that failed. */
async function errorOutput(runs: readonly ReturnType<typeof run>[]): Promise<unknown[]> {
  return (await Promise.all(runs)).filter(({ exitCode }) => exitCode !== 0);
}

describe("millrace init", () => {
  beforeAll(async () => {
    // A long name makes long lines.
    const name = "forecast-of-sales-by-month-and-region";
    expect(await errorOutput([millrace("init", name, "--batch")])).toEqual([]);
    expect(await errorOutput([millrace("init", "words")])).toEqual([]);
  });

  it("creates pipelines without errors of the linter and the type-checker", async () => {
    const settings = {
      extends: "./tsconfig.json",
      include: ["pipelines/index.ts", "pipelines/words*.ts", "pipelines/forecast*.ts"],
    };
    writeFileSync(path.join(root, "tsconfig.pipelines.json"), JSON.stringify(settings));
    const said = await errorOutput([
      tool("biome", "ci", "--vcs-enabled=false", "pipelines", "batch-jobs"),
      tool("tsc", "-p", "tsconfig.pipelines.json"),
      run(node, ["batch-jobs/generate-schemas.ts", "--check"]),
    ]);
    expect(said).toEqual([]);
  });

  it("creates jobs without errors of Python's linters and type-checker", async () => {
    const family = "forecast_of_sales_by_month_and_region";
    const files = [family, `tests/test_${family}.py`];
    const said = await errorOutput([
      python("ruff", "check", ...files),
      python("ruff", "format", "--check", ...files),
      python("mypy", ...files),
    ]);
    expect(said).toEqual([]);
    expect(readFileSync(path.join(root, "batch-jobs/pyproject.toml"), "utf8")).toContain(
      `files = ["${family}", `,
    );
  });

  it("creates passing tests for the pipelines and for the job", async () => {
    const said = await Promise.all([
      tool("jest", "pipelines/words", "pipelines/forecast"),
      python("pytest", "-q", "tests/test_forecast_of_sales_by_month_and_region.py"),
    ]);
    expect(said).toMatchObject([
      { exitCode: 0, all: expect.stringMatching(/Tests: +4 passed/) },
      { exitCode: 0, all: expect.stringContaining("2 passed") },
    ]);
  });

  it("registers pipelines, so that the command line lists and draws them", async () => {
    expect((await millrace("pipelines")).all).toContain("words  3 steps");
    expect((await millrace("graph", "forecast-of-sales-by-month-and-region")).all).toContain(
      "Batch job forecast_of_sales_by_month_and_region.count",
    );
  });

  it.each([
    [1, ["words"], 'NAME is "words", which pipelines/index.ts already has'],
    [1, ["ctr", "--batch"], "batch-jobs/ctr already exists, and nothing is overwritten"],
    [2, ["Sales"], 'NAME is "Sales"; it takes 1 to 40 lower-case letters'],
    [2, ["../etc"], 'NAME is "../etc"; it takes'],
    [2, ["class"], 'NAME is "class", which is a reserved word'],
  ])("exits with %i for %j, and writes nothing", async (code, args, message) => {
    const before = readdirSync(path.join(root, "pipelines"));
    const { exitCode, all } = await millrace("init", ...args);
    expect({ exitCode, all }).toEqual({
      exitCode: code,
      all: expect.stringContaining(`]: ${message}`),
    });
    expect(readdirSync(path.join(root, "pipelines"))).toEqual(before);
  });

  it("writes nothing if a list has an unknown form, and says what to add by hand", async () => {
    const index = path.join(root, "pipelines/index.ts");
    const text = readFileSync(index, "utf8");
    writeFileSync(
      index,
      text.replace("export const pipelines", "const all").concat("\nexport { all as pipelines };\n"),
    );
    const { exitCode, all } = await millrace("init", "other");
    writeFileSync(index, text);
    expect({ exitCode, all }).toEqual({
      exitCode: 1,
      all: expect.stringContaining("pipelines/index.ts has a form that this command does not know"),
    });
    expect(readdirSync(path.join(root, "pipelines"))).not.toContain("other.ts");
  });
});
