import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { VENV } from "../stack/paths.ts";
import { readConfiguration } from "./configuration.ts";
import { jobPackages } from "./family-packages.ts";

const folder = mkdtempSync(path.join(tmpdir(), "millrace-packages-"));
const jobs = path.join(folder, "batch-jobs");
const config = readConfiguration([
  ...["--state", path.join(folder, "state"), "--jobs", jobs],
  ...["--venv", VENV, "--aws", "http://127.0.0.1:1"],
]);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function lock(family: string, ...lines: string[]): void {
  mkdirSync(path.join(jobs, family), { recursive: true });
  writeFileSync(path.join(jobs, family, "requirements.lock"), lines.join("\n"));
}

/** Which of these modules a job of the family finds; imports the first one. */
async function found(family: string, ...modules: string[]): Promise<string[]> {
  const packages = jobPackages(`millrace-local-${family}`, config);
  const code = [
    "import importlib, importlib.util as u, sys",
    "importlib.import_module(sys.argv[1])",
    "print(*[name for name in sys.argv[1:] if u.find_spec(name) is not None])",
  ].join("\n");
  const { stdout } = await execa(path.join(packages, "bin", "python"), ["-c", code, ...modules]);
  return stdout.split(" ");
}

describe("the packages of a job", () => {
  it("are those in its family's lock, and the SDK", async () => {
    lock(
      "narrow",
      "numpy==2.4.6 ; python_version < '3.12' \\",
      "    --hash=sha256:00",
      "python-dateutil==2.9.0",
    );
    expect(await found("narrow", "numpy", "dateutil", "millrace_job", "pandas", "six")).toEqual([
      "numpy",
      "dateutil",
      "millrace_job",
    ]);
  });

  it("follow the lock when it changes", async () => {
    lock("growing", "six==1.17.0");
    expect(await found("growing", "six", "numpy")).toEqual(["six"]);
    lock("growing", "six==1.17.0", "numpy==2.4.6");
    expect(await found("growing", "six", "numpy")).toEqual(["six", "numpy"]);
  });

  it("are all that are installed if the family has no lock, or the job has no family", () => {
    mkdirSync(path.join(jobs, "free"), { recursive: true });
    expect(jobPackages("millrace-local-free", config)).toBe(VENV);
    expect(jobPackages("shell", config)).toBe(VENV);
  });
});
