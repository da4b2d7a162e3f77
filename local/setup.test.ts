import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { until } from "./batch/testing/until.ts";
import { processesWith, referenceTo } from "./process/alive.mjs";
import { chooseNode } from "./setup/node-packages.mjs";
import { REPOSITORY } from "./stack/paths.ts";

let project: string;
let programs: string;

/** What `npm ci` leaves of the project's Node: a program that reports its version and runs its arguments. */
const NODE_24 = "case $1 in --version) echo v24.1.0;; esac";
const npmInstalls = (node = NODE_24) => `case $1 in
  --version) echo 10;;
  ci) echo npm "$@" >> calls; mkdir -p node_modules/.bin
    printf '#!/bin/sh\\n${node}\\n' > node_modules/.bin/node; chmod +x node_modules/.bin/node;;
esac`;
/** An npm that installs until it is ended, and notes that in a file. */
const NPM_WORKS_ON = `case $1 in
  --version) echo 10;;
  ci) mkdir -p node_modules; trap 'rm npm-works; exit 1' TERM; touch npm-works; while :; do sleep 0.05; done;;
esac`;

/** A project with nothing except its lock files, and a PATH with programs that record how they were called. */
beforeEach(() => {
  project = realpathSync(mkdtempSync(path.join(tmpdir(), "millrace-setup-")));
  programs = path.join(project, "programs");
  for (const folder of ["local", "batch-jobs", "programs"]) mkdirSync(path.join(project, folder));
  for (const part of ["setup.mjs", "setup", "process"]) {
    cpSync(path.join(REPOSITORY, "local", part), path.join(project, "local", part), { recursive: true });
  }
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
  program("npm", npmInstalls());
  program(
    "python3",
    `case "$*" in
      *version_info*) echo 3 12;;
      *ensurepip*) exit 0;;
      "-m venv"*) echo venv >> calls; mkdir -p .venv/bin .venv/site; cp programs/python .venv/bin/;;
    esac`,
  );
  // The environment's own Python: pip, and the folder of its packages.
  program(
    "python",
    'case "$*" in *sysconfig*) echo "$(dirname "$0")/../site";; *) echo "$@" >> calls;; esac',
  );
});
afterEach(() => rmSync(project, { recursive: true, force: true }));

function program(name: string, script: string): void {
  const file = path.join(programs, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

const environment = () => ({ PATH: `${programs}:/usr/bin:/bin`, HOME: project });

function setup(...options: string[]) {
  return setupWith({}, ...options);
}

function setupWith(env: Record<string, string>, ...options: string[]) {
  return spawnSync("node", ["local/setup.mjs", ...options], {
    cwd: project,
    env: { ...environment(), ...env },
    encoding: "utf8",
    // A set-up that waits for something that never comes.
    timeout: 30_000,
  });
}

/** Starts a set-up, and waits until its npm is working. */
async function setupAtWork(): Promise<{ child: ChildProcess; ended: Promise<number | null> }> {
  const child = spawn("node", ["local/setup.mjs"], { cwd: project, env: environment(), stdio: "ignore" });
  const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
  await until("npm works", () => existsSync(path.join(project, "npm-works")));
  return { child, ended };
}

function calls(): string[] {
  const file = path.join(project, "calls");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : [];
}

const lockFile = () => path.join(project, ".cache", "setup.lock");
const ofNpm = (call: string) => call.startsWith("npm ci");
const ofPip = (call: string) => call.startsWith("-m pip install");

describe("set-up after a bare clone", () => {
  it("installs both sets of packages from their locks, and makes the jobs importable", () => {
    const { status, stdout } = setup();
    expect(status).toBe(0);
    expect(calls().filter(ofNpm)).toHaveLength(1);
    expect(calls().find(ofPip)).toContain("--require-hashes");
    expect(
      readFileSync(path.join(project, ".venv", "site", "millrace.pth"), "utf8")
        .trim()
        .split("\n"),
    ).toEqual([path.join(project, "batch-jobs"), path.join(project, "batch-jobs", "sdk")]);
    expect(stdout.match(/done in \d+\.\d s/g)).toHaveLength(2);
  });

  it("installs the same whatever npm's settings omit, without install scripts", () => {
    setup();
    const options = calls().find(ofNpm)?.split(" ");
    expect(options).toEqual(
      expect.arrayContaining(["--ignore-scripts", "--include=dev", "--include=optional", "--bin-links=true"]),
    );
  });

  it("keeps npm's and pip's downloads inside the project, or in the user's own cache", () => {
    setup();
    expect(calls().find(ofNpm)).toContain(`--cache=${path.join(project, ".cache", "npm")}`);
    expect(calls().find(ofPip)).toContain(`--cache-dir=${path.join(project, ".cache", "pip")}`);
    for (const folder of ["node_modules", ".venv", "calls"])
      rmSync(path.join(project, folder), { recursive: true });
    setupWith({ npm_config_cache: "/shared/npm", PIP_CACHE_DIR: "/shared/pip" });
    expect(calls().find(ofNpm)).toContain("--cache=/shared/npm");
    expect(calls().find(ofPip)).toContain("--cache-dir=/shared/pip");
  });

  it("does nothing and prints nothing the second time", () => {
    setup();
    const before = calls();
    expect(setup()).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(calls()).toEqual(before);
  });

  it("repeats only the parts that changed", () => {
    setup();
    const before = calls().length;
    writeFileSync(path.join(project, "package-lock.json"), '{"changed":true}');
    setup();
    expect(calls().slice(before)).toEqual([expect.stringMatching(/^npm ci/)]);
  });

  it.each([
    ["Node", "node_modules/.bin/node", ofNpm],
    ["Python", ".venv/bin/python", (call: string) => call === "venv"],
  ])("restores a part without %s, even if its stamp exists", (_, file, made) => {
    setup();
    rmSync(path.join(project, file));
    const before = calls().length;
    expect(setup().status).toBe(0);
    expect(calls().slice(before).some(made)).toBe(true);
  });

  it("shows why npm failed, and starts over the next time", () => {
    program("npm", 'case $1 in --version) echo 10;; ci) echo "registry is away" >&2; exit 1;; esac');
    expect(setup()).toMatchObject({ status: 1, stderr: expect.stringContaining("registry is away") });
    program("npm", npmInstalls());
    expect(setup().status).toBe(0);
    expect(calls().filter(ofNpm)).toHaveLength(1);
  });

  it("run twice concurrently installs once", async () => {
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
    expect(calls().filter(ofNpm)).toHaveLength(1);
  });

  it("installs torch only on request, last, at the locked version", () => {
    setup();
    expect(calls().join()).not.toContain("torch");
    setup("--torch");
    const torchCalls = calls().filter((call) => ofPip(call) && call.includes("torch"));
    expect(torchCalls).toEqual([
      expect.stringMatching(/--require-hashes .*requirements-without-torch\.lock$/),
      expect.stringMatching(/torch==9\.8\.7$/),
    ]);
    const before = calls();
    expect(setup("--torch")).toMatchObject({ status: 0, stdout: "", stderr: "" });
    expect(calls()).toEqual(before);
  });

  it("installs torch again when it recreates an environment", () => {
    setup("--torch");
    writeFileSync(path.join(project, "batch-jobs", "requirements-dev.lock"), "# changed");
    const before = calls().length;
    expect(setup("--torch").status).toBe(0);
    expect(
      calls()
        .slice(before)
        .filter((call) => call.includes("torch==9.8.7")),
    ).toHaveLength(1);
  });

  it("recreates an environment that was moved", () => {
    setup();
    const moved = `${project}-moved`;
    cpSync(project, moved, { recursive: true, verbatimSymlinks: true });
    const before = calls().length;
    spawnSync("node", ["local/setup.mjs"], { cwd: moved, env: environment() });
    const after = readFileSync(path.join(moved, "calls"), "utf8").trim().split("\n").slice(before);
    rmSync(moved, { recursive: true });
    expect(after).toContain("venv");
  });
});

describe("the Node that runs the project", () => {
  const brokenNode = "exit 1";

  it("is the package's, whether npm links it or not", () => {
    const name = `node-${process.platform}-${process.arch}`;
    program(
      "npm",
      `case $1 in --version) echo 10;; ci) mkdir -p node_modules/.bin node_modules/${name}/bin
        printf '#!/bin/sh\\n${NODE_24}\\n' > node_modules/${name}/bin/node; chmod +x node_modules/${name}/bin/node;; esac`,
    );
    expect(setup().status).toBe(0);
    expect(readlinkSync(path.join(project, "node_modules", ".bin", "node"))).toBe(`../${name}/bin/node`);
  });

  it("is the machine's if no package has one that works", () => {
    program("npm", npmInstalls(brokenNode));
    // The linked Node may be a real one, and the set-up makes it load these.
    for (const name of ["esbuild", "@swc/core"]) {
      const folder = path.join(project, "node_modules", name);
      mkdirSync(folder, { recursive: true });
      writeFileSync(path.join(folder, "index.js"), "exports.transformSync = () => {};");
    }
    const machine = mkdtempSync(path.join(tmpdir(), "millrace-machine-"));
    writeFileSync(path.join(machine, "node"), `#!/bin/sh\n${NODE_24}\n`, { mode: 0o755 });
    rmSync(path.join(programs, "node"));
    const env = { ...environment(), PATH: `${machine}:${environment().PATH}` };
    const { status } = spawnSync(process.execPath, ["local/setup.mjs"], { cwd: project, env });
    const linked = readlinkSync(path.join(project, "node_modules", ".bin", "node"));
    rmSync(machine, { recursive: true });
    expect(status).toBe(0);
    // The Node that runs the set-up is the first candidate.
    expect([process.execPath, path.join(machine, "node")]).toContain(linked);
  });

  it.each([
    ["the Lambda runtime's version before a newer one", [20, 26, 24], "/24"],
    ["a newer version, if the runtime's is missing", [20, 26], "/26"],
    ["not an older version", [20, 22], undefined],
  ])("is %s", (_, majors, chosen) => {
    expect(chooseNode(majors.map((major) => ({ file: `/${major}`, major })))).toBe(chosen);
  });

  it("is tested, with the packages, before the stamp is written", () => {
    program("npm", npmInstalls("case $1 in --version) echo v24.1.0;; *) echo no esbuild; exit 1;; esac"));
    expect(setup()).toMatchObject({ status: 1, stderr: expect.stringContaining("no esbuild") });
    program("npm", npmInstalls());
    expect(setup().status).toBe(0);
    expect(calls().filter(ofNpm)).toHaveLength(2);
  });
});

describe("a set-up", () => {
  it.each([
    ["npm", "npm", "exit 1", /^setup: npm is missing: install .*\n$/],
    ["a recent Python", "python3", "echo 3 9", /^setup: Python 3\.11 or newer is missing: install .*\n$/],
    [
      "Python's venv",
      "python3",
      'case "$*" in *version_info*) echo 3 12;; *) exit 1;; esac',
      /^setup: python3 lacks the modules venv and ensurepip: .*\n$/,
    ],
  ])("without %s fails in one line with a remedy", (_, name, script, message) => {
    program(name, script);
    for (const version of ["python3.14", "python3.13", "python3.12", "python3.11"])
      program(version, "exit 1");
    if (name !== "npm") program("python", "exit 1");
    const { status, stderr } = setup();
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
    expect(calls()).toEqual([]);
  });

  it.each([
    [
      "space on the disk",
      "echo 'ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device'; seq 30; exit 1",
      {},
      /^setup: the disk of .* is full: free .*\n$/,
    ],
    [
      "a network",
      "echo 'npm error code ENOTFOUND'; seq 30; exit 1",
      {},
      /^setup: npm can't reach its registry: check the network, then run this again\n$/,
    ],
    [
      "a proxy that responds",
      "echo 'npm error code ECONNREFUSED'; seq 30; exit 1",
      { HTTPS_PROXY: "http://user:secret@127.0.0.1:9" },
      /^setup: npm can't reach its registry through the proxy http:\/\/…@127\.0\.0\.1:9 \(HTTPS_PROXY\): check .*\n$/,
    ],
  ])("without %s fails in one line", (_, script, env, message) => {
    program("npm", `case $1 in --version) echo 10;; ci) ${script};; esac`);
    const { status, stderr } = setupWith(env);
    expect(status).toBe(1);
    expect(stderr).toMatch(message);
  });

  it("ignores PYTHONHOME and PYTHONPATH", () => {
    const script = readFileSync(path.join(programs, "python3"), "utf8");
    writeFileSync(
      path.join(programs, "python3"),
      script.replace("\n", '\n[ -z "$PYTHONHOME$PYTHONPATH" ] || exit 1\n'),
    );
    expect(setupWith({ PYTHONHOME: "/nowhere", PYTHONPATH: "/nowhere" }).status).toBe(0);
  });
});

describe("a set-up that is stopped", () => {
  it.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
    ["SIGHUP", 129],
  ] as const)("by %s stops npm, frees its lock, and the next one starts over", async (signal, exitCode) => {
    program("npm", NPM_WORKS_ON);
    const { child, ended } = await setupAtWork();
    child.kill(signal);
    expect(await ended).toBe(exitCode);
    expect(processesWith(project)).toEqual([]);
    expect(existsSync(path.join(project, "npm-works"))).toBe(false);
    expect(existsSync(lockFile())).toBe(false);
    program("npm", npmInstalls());
    expect(setup().status).toBe(0);
  });

  it("by SIGKILL stops npm, and the next one takes its lock over", async () => {
    program("npm", NPM_WORKS_ON);
    const { child, ended } = await setupAtWork();
    child.kill("SIGKILL");
    await ended;
    await until("npm is gone", () => processesWith(project).length === 0);
    program("npm", npmInstalls());
    expect(setup().status).toBe(0);
  });
});

describe("the lock of a set-up", () => {
  beforeEach(() => mkdirSync(path.join(project, ".cache")));

  it("that was killed is taken over", () => {
    const gone = spawnSync("true").pid;
    writeFileSync(lockFile(), JSON.stringify({ pid: gone, started: "then" }));
    expect(setup().status).toBe(0);
  });

  it("that was killed is taken over even if another process has its process id", () => {
    writeFileSync(lockFile(), JSON.stringify({ pid: process.pid, started: "before the restart" }));
    expect(setup().status).toBe(0);
  });

  it("that was killed before it wrote its process id is taken over", () => {
    writeFileSync(lockFile(), "");
    expect(setup().status).toBe(0);
  });

  it("that is running is waited for, and the message names the file to delete", async () => {
    writeFileSync(lockFile(), JSON.stringify(referenceTo(process.pid)));
    const child = spawn("node", ["local/setup.mjs"], { cwd: project, env: environment() });
    const ended = new Promise<number | null>((resolve) => child.once("exit", resolve));
    const output = await new Promise<string>((resolve) =>
      child.stdout.setEncoding("utf8").once("data", resolve),
    );
    expect(output).toContain(`process ${process.pid} holds ${lockFile()}; delete that file if there is none`);
    rmSync(lockFile());
    expect(await ended).toBe(0);
  });
});

it("a long command reports its progress every few seconds", () => {
  const script = `
    import { runCommand } from ${JSON.stringify(path.join(REPOSITORY, "local/setup/install.mjs"))};
    const args = ["-c", "echo Downloading torch; sleep 0.5"];
    await runCommand("torch", "pip", "sh", args, { root: ".", everyMs: 50 });`;
  const { stdout } = spawnSync("node", ["--input-type=module", "--eval", script], { encoding: "utf8" });
  expect(stdout.trim().split("\n").at(-1)).toMatch(/^setup: torch … \d+ s: Downloading torch$/);
});
