import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { REPOSITORY } from "./stack/paths.ts";

let project: string;
let programs: string;

/** A project of nothing but its lock files, and a PATH with programs that note how they were called. */
beforeEach(() => {
  project = mkdtempSync(path.join(tmpdir(), "millrace-setup-"));
  programs = path.join(project, "programs");
  for (const folder of ["local", "batch-jobs", "programs"]) mkdirSync(path.join(project, folder));
  copyFileSync(path.join(REPOSITORY, "local", "setup.mjs"), path.join(project, "local", "setup.mjs"));
  writeFileSync(path.join(project, "package-lock.json"), "{}");
  writeFileSync(path.join(project, "batch-jobs", "requirements-dev.lock"), "");
  const poemModel = path.join(project, "batch-jobs", "poem_model");
  mkdirSync(poemModel);
  writeFileSync(path.join(poemModel, "requirements-without-torch.lock"), "");
  writeFileSync(
    path.join(poemModel, "requirements.lock"),
    "tokenizers==1 \\\ntorch==9.8.7 \\\n    --hash=x\n",
  );
  symlinkSync(process.execPath, path.join(programs, "node"));
  program("npm", 'case $1 in --version) echo 10;; ci) echo npm "$@" >> calls; mkdir -p node_modules;; esac');
  program(
    "python3",
    `case "$*" in
      *version_info*) echo 3 12;;
      *ensurepip*) exit 0;;
      "-m venv"*) echo venv >> calls; mkdir -p .venv/bin .venv/site; cp programs/pip programs/python .venv/bin/;;
    esac`,
  );
  program("pip", 'echo pip "$@" >> calls');
  program("python", 'echo "$(dirname "$0")/../site"');
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

function program(name: string, script: string): void {
  const file = path.join(programs, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

const environment = () => ({ PATH: `${programs}:/usr/bin:/bin` });

function setup(...options: string[]) {
  return spawnSync("node", ["local/setup.mjs", ...options], {
    cwd: project,
    env: environment(),
    encoding: "utf8",
  });
}

function calls(): string[] {
  const file = path.join(project, "calls");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
}

describe("set-up after a bare clone", () => {
  it("installs both sets of packages from their locks, and makes the jobs importable", () => {
    const { status, stdout } = setup();
    expect(status).toBe(0);
    expect(calls()).toContain("npm ci --no-fund --no-audit");
    expect(calls().find((call) => call.startsWith("pip install"))).toContain("--require-hashes");
    expect(
      readFileSync(path.join(project, ".venv", "site", "millrace.pth"), "utf8")
        .trim()
        .split("\n"),
    ).toEqual([path.join(project, "batch-jobs"), path.join(project, "batch-jobs", "sdk")]);
    expect(stdout.match(/done in \d+\.\d s/g)).toHaveLength(2);
  });

  it("says and does nothing the second time", () => {
    setup();
    const before = calls();
    expect(setup()).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(calls()).toEqual(before);
  });

  it("does only what changed", () => {
    setup();
    const before = calls().length;
    writeFileSync(path.join(project, "package-lock.json"), '{"changed":true}');
    setup();
    expect(calls().slice(before)).toEqual(["npm ci --no-fund --no-audit"]);
  });

  it("shows why npm failed, and starts over the next time", () => {
    program("npm", 'case $1 in --version) echo 10;; ci) echo "registry is away" >&2; exit 1;; esac');
    expect(setup()).toMatchObject({ status: 1, stderr: expect.stringContaining("registry is away") });
    program(
      "npm",
      "case $1 in --version) echo 10;; ci) echo npm again >> calls; mkdir -p node_modules;; esac",
    );
    expect(setup().status).toBe(0);
    expect(calls()).toContain("npm again");
  });

  it.each([
    ["npm", "npm", "exit 1", /^setup: npm is missing: install .*\n$/],
    ["a recent Python", "python3", "echo 3 9", /^setup: Python 3\.11 or newer is missing: install .*\n$/],
    [
      "Python's venv",
      "python3",
      'case "$*" in *version_info*) echo 3 12;; *) exit 1;; esac',
      /^setup: python3 lacks the modules venv and ensurepip: .*\n$/,
    ],
  ])("without %s says so in one line, with the remedy", (_, name, script, message) => {
    program(name, script);
    for (const version of ["python3.14", "python3.13", "python3.12", "python3.11"])
      program(version, "exit 1");
    if (name !== "npm") program("python", "exit 1");
    const { status, stderr } = setup();
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
    expect(calls()).toEqual([]);
  });

  it("run twice at once installs once", async () => {
    const run = () =>
      new Promise<number | null>((resolve) => {
        const child = spawn("node", ["local/setup.mjs"], {
          cwd: project,
          env: environment(),
          stdio: "ignore",
        });
        child.once("exit", resolve);
      });
    expect(await Promise.all([run(), run()])).toEqual([0, 0]);
    expect(calls().filter((call) => call.startsWith("npm"))).toHaveLength(1);
  });

  it("installs torch only when asked, after all else, at the version of the lock", () => {
    setup();
    expect(calls().join()).not.toContain("torch");
    setup("--torch");
    const asked = calls().filter((call) => call.startsWith("pip") && call.includes("torch"));
    expect(asked).toEqual([
      expect.stringMatching(/--require-hashes .*requirements-without-torch\.lock$/),
      expect.stringMatching(/torch==9\.8\.7$/),
    ]);
    const before = calls();
    expect(setup("--torch")).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(calls()).toEqual(before);
  });

  it("an environment that is made anew gets torch again", () => {
    setup("--torch");
    writeFileSync(path.join(project, "batch-jobs", "requirements-dev.lock"), "# changed");
    const before = calls().length;
    expect(setup("--torch").status).toBe(0);
    const after = calls().slice(before);
    expect(after[0]).toBe("venv");
    expect(after.at(-1)).toMatch(/torch==9\.8\.7$/);
  });

  it("says in one line that torch can't be had, why, and where to read on", () => {
    program(
      "pip",
      'case "$*" in *torch==*) echo "No matching distribution found" >&2; exit 1;; *) echo pip "$@" >> calls;; esac',
    );
    const { status, stderr } = setup("--torch");
    expect(status).toBe(1);
    expect(stderr).toBe(
      'setup: torch==9.8.7 can\'t be had (No matching distribution found): see batch-jobs/README.md, "Torch".\n',
    );
  });

  it("takes over the lock of a set-up that was killed", () => {
    mkdirSync(path.join(project, ".cache"));
    const gone = spawnSync("true").pid;
    writeFileSync(path.join(project, ".cache", "setup.lock"), String(gone));
    expect(setup().status).toBe(0);
  });

  it("an environment that was moved is made again", () => {
    setup();
    const stamp = readFileSync(path.join(project, ".venv", ".millrace-setup"), "utf8").trim();
    const hash = createHash("sha256")
      .update("")
      .update("\0")
      .update("/elsewhere/.venv")
      .update("\0")
      .digest("hex");
    expect(stamp).not.toBe(hash);
    writeFileSync(path.join(project, ".venv", ".millrace-setup"), hash);
    const before = calls().length;
    setup();
    expect(
      calls()
        .slice(before)
        .some((call) => call === "venv"),
    ).toBe(true);
  });
});
