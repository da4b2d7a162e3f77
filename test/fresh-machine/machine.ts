import { copyFileSync, existsSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { execa } from "execa";
import { startTied } from "../../local/process/tied.mjs";
import { CACHE, REPOSITORY } from "../../local/stack/paths.ts";

const folder = path.join(CACHE, "fresh-machine");
const inNamespace = path.join(import.meta.dirname, "in-namespace.sh");

/** How this machine reaches its registries. A fresh machine would have been set up so too. */
const ACCESS =
  /^(NODE_EXTRA_CA_CERTS|SSL_CERT_FILE|PIP_(CERT|INDEX_URL|FIND_LINKS|DEFAULT_TIMEOUT)|npm_config_registry)$/;
const ACCESS_FILES = [".npmrc", path.join(".config", "pip", "pip.conf")];

/** Versions of Node and npm, as majors. */
export type Tools = { node: number; npm: number };

/** What is fresh about the machine, and what is run on it. */
export type Machine = {
  tools?: Tools;
  /** Version of Python to find first, such as `3.13`. */
  python?: string;
  env?: Readonly<Record<string, string>>;
  home?: "empty" | "missing" | "read-only";
  network?: boolean;
  /** Clone to work in, as {@link bareClone} gives it. */
  clone: string;
  /** Shell commands. */
  command: string;
};

/** What became of the command, and what it left behind outside of the clone. */
export type Outcome = {
  code: number;
  output: string;
  seconds: number;
  processes: string[];
  files: string[];
};

const caches = path.join(folder, "cache");

/** Caches of npm and pip that cases share whose subject isn't the download. */
export const sharedCaches = {
  npm_config_cache: path.join(caches, "npm"),
  PIP_CACHE_DIR: path.join(caches, "pip"),
};

/** Whether this machine lets us make namespaces. */
export async function canMakeNamespaces(): Promise<boolean> {
  const { exitCode } = await execa("unshare", ["-mpfn", "--mount-proc", "ip", "link", "set", "lo", "up"], {
    reject: false,
  }).catch(() => ({ exitCode: 1 }));
  return exitCode === 0;
}

/** Folder with `node` and `npm` of these versions, from the registry. */
async function toolsFolder({ node, npm }: Tools): Promise<string> {
  const target = path.join(folder, "tools", `node-${node}-npm-${npm}`);
  const bin = path.join(target, "node_modules", ".bin");
  if (existsSync(path.join(bin, "npm"))) return bin;
  mkdirSync(target, { recursive: true });
  const platform = `node-${process.platform}-${process.arch}`;
  const packages = [`${platform}@${node}`, `npm@${npm}`];
  const options = ["--prefix", target, "--no-save", "--ignore-scripts", "--no-audit", "--no-fund"];
  await execa("npm", ["install", ...options, ...packages]);
  return bin;
}

/** Folder with a `python3` of this version; undefined if this machine has none, as a package or by pyenv. */
export async function pythonFolder(version: string): Promise<string | undefined> {
  const options = { reject: false, env: { PYENV_VERSION: `${version}:system` } };
  const found = await execa(
    "sh",
    ["-c", `pyenv which python${version} || command -v python${version}`],
    options,
  );
  const python = found.stdout?.trim().split("\n").at(-1) ?? "";
  if (!existsSync(python)) return undefined;
  const target = path.join(folder, "tools", `python-${version}`);
  mkdirSync(target, { recursive: true });
  const link = path.join(target, "python3");
  rmSync(link, { force: true });
  symlinkSync(python, link);
  return target;
}

function clonePath(name: string): string {
  return path.join(folder, "clones", name);
}

/** A clone of the last commit that was kept from an earlier run, if it is still of that. */
export async function keptClone(name: string): Promise<string | undefined> {
  const clone = clonePath(name);
  const head = async (cwd: string) => (await execa("git", ["rev-parse", "HEAD"], { cwd })).stdout;
  return existsSync(clone) && (await head(clone)) === (await head(REPOSITORY)) ? clone : undefined;
}

/** A new clone of what is committed. */
export async function bareClone(name: string): Promise<string> {
  const clone = clonePath(name);
  rmSync(clone, { recursive: true, force: true });
  await execa("git", ["clone", "--quiet", "--no-hardlinks", REPOSITORY, clone]);
  return clone;
}

function settingsFolder(): string {
  const settings = path.join(folder, "settings");
  rmSync(settings, { recursive: true, force: true });
  mkdirSync(settings, { recursive: true });
  for (const file of ACCESS_FILES.filter((each) => existsSync(path.join(homedir(), each)))) {
    mkdirSync(path.dirname(path.join(settings, file)), { recursive: true });
    copyFileSync(path.join(homedir(), file), path.join(settings, file));
  }
  return settings;
}

async function environment({ tools, python, env, home = "empty", network = true, clone, command }: Machine) {
  const access = Object.entries(process.env).filter(([name]) => ACCESS.test(name));
  // Without the folders that npm has put in front for this very script.
  const machinePath = (process.env.PATH ?? "").split(":").filter((each) => !each.includes("node_modules"));
  const ownTools = [
    ...(tools === undefined ? [] : [await toolsFolder(tools)]),
    ...(python === undefined ? [] : [(await pythonFolder(python)) ?? "no-such-python"]),
  ];
  return {
    ...Object.fromEntries(access),
    PATH: [...ownTools, ...machinePath].join(":"),
    HOME: "/home/someone",
    LANG: "C.UTF-8",
    HOME_KIND: home,
    NETWORK: network ? "yes" : "no",
    SETTINGS: settingsFolder(),
    SOURCE: clone,
    // Not where it lies: npm and Node look for packages in all folders above.
    CLONE: path.join("/home", path.basename(clone)),
    CACHES: caches,
    COMMAND: command,
    ...env,
  };
}

/** Runs a command on a fresh machine. What it leaves running ends with the machine, and is reported. */
export async function onFreshMachine(machine: Machine): Promise<Outcome> {
  const env = await environment(machine);
  mkdirSync(caches, { recursive: true });
  const namespaces = ["--mount", "--pid", "--fork", "--mount-proc", "--kill-child=SIGKILL"];
  const alone = machine.network === false ? ["--net"] : [];
  const started = performance.now();
  // Tied, so that nothing goes on if this program is killed.
  const machineRun = startTied("unshare", [...namespaces, ...alone, "bash", inNamespace], {
    cwd: REPOSITORY,
    env,
    stdout: "pipe",
    stderr: "pipe",
  });
  let output = "";
  for (const stream of [machineRun.child.stdout, machineRun.child.stderr]) {
    stream?.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  }
  await machineRun.ended;
  const marked = (mark: string) =>
    output
      .split("\n")
      .filter((line) => line.startsWith(`@${mark} `))
      .map((line) => line.slice(mark.length + 2));
  return {
    code: Number(marked("code")[0] ?? Number.NaN),
    output: output.replace(/^@(code|process|file) .*\n?/gm, ""),
    seconds: (performance.now() - started) / 1000,
    processes: marked("process"),
    files: marked("file"),
  };
}
