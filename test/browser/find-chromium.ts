import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import * as z from "zod";
import { CACHE, REPOSITORY } from "../../local/stack/paths.ts";

/** A Chromium that starts on this machine, and the environment that it needs. */
export type Chromium = { readonly program: string; readonly env: Readonly<Record<string, string>> };

/** Names of Chromium on the PATH. */
const names = ["chromium", "chromium-browser", "google-chrome-stable", "google-chrome"];

/** Why a program doesn't start; undefined if it does. */
function problemOf({ program, env }: Chromium): string | undefined {
  const { status, stderr, error } = spawnSync(program, ["--version"], {
    encoding: "utf8",
    env: { ...process.env, ...env },
  });
  if (status === 0) return undefined;
  return error?.message ?? stderr.trim().split("\n")[0] ?? `it ended with ${status}`;
}

/** Fonts: those of the package, and the machine's for symbols that they lack. */
const fontConfiguration = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
  <match target="pattern">
    <test name="family"><string>sans-serif</string></test>
    <edit name="family" mode="prepend" binding="strong"><string>Open Sans</string></edit>
  </match>
  <match target="pattern">
    <test name="family"><string>monospace</string></test>
    <edit name="family" mode="prepend" binding="strong"><string>DejaVu Sans Mono</string></edit>
  </match>
</fontconfig>
`;

/** Unpacks the package's files into a folder. The package unpacks to the folder for temporary files, so that is set. */
function unpack(folder: string): string | undefined {
  const partial = `${folder}.${process.pid}`;
  mkdirSync(partial, { recursive: true });
  const script =
    'import("@sparticuz/chromium").then(({ default: chromium }) => chromium.executablePath()).catch((error) => { console.error(error.message); process.exitCode = 1; });';
  const { status, stderr } = spawnSync(process.execPath, ["--eval", script], {
    cwd: REPOSITORY,
    encoding: "utf8",
    // On Lambda, it also unpacks the libraries that a bare machine lacks.
    env: { ...process.env, TMPDIR: partial, AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x" },
  });
  if (status !== 0) {
    rmSync(partial, { recursive: true, force: true });
    return stderr.trim().split("\n").at(-1);
  }
  try {
    renameSync(partial, folder);
  } catch {
    // Another process was faster.
    rmSync(partial, { recursive: true, force: true });
  }
  return undefined;
}

const manifest = z.object({ version: z.string() });

/** The Chromium of the package `@sparticuz/chromium`, unpacked once into the project's cache. */
function packaged(): Chromium | string {
  if (process.platform !== "linux" || process.arch !== "x64")
    return `the package @sparticuz/chromium has none for ${process.platform} on ${process.arch}`;
  const file = path.join(REPOSITORY, "node_modules", "@sparticuz", "chromium", "package.json");
  if (!existsSync(file)) return "the package @sparticuz/chromium is not installed";
  const { version } = manifest.parse(JSON.parse(readFileSync(file, "utf8")));
  const folder = path.join(CACHE, "chromium", version);
  if (!existsSync(folder)) {
    const problem = unpack(folder);
    if (problem !== undefined) return `the package @sparticuz/chromium can't be unpacked: ${problem}`;
  }
  writeFileSync(path.join(folder, "fonts.conf"), fontConfiguration);
  return {
    program: path.join(folder, "chromium"),
    env: {
      LD_LIBRARY_PATH: path.join(folder, "al2023", "lib"),
      FONTCONFIG_FILE: path.join(folder, "fonts.conf"),
      XDG_CACHE_HOME: folder,
    },
  };
}

/** The first program on the PATH with one of Chromium's names. */
function onPath(): string | undefined {
  const folders = (process.env.PATH ?? "").split(path.delimiter).filter((folder) => folder !== "");
  return folders.flatMap((folder) => names.map((name) => path.join(folder, name))).find(existsSync);
}

const advice =
  "install Chromium (Debian: apt install chromium), or name its program in the variable CHROMIUM";

/** The Chromium of the variable `CHROMIUM`, of the PATH, or of a package; or why none of them starts, and what to do. */
export function findChromium(): Chromium | { readonly missing: string } {
  const chosen = process.env.CHROMIUM;
  const named = chosen === undefined || chosen === "" ? onPath() : chosen;
  const found = named === undefined ? packaged() : { program: named, env: {} };
  if (typeof found === "string") return { missing: `${found}; ${advice}` };
  const problem = problemOf(found);
  return problem === undefined
    ? found
    : { missing: `${found.program} does not start: ${problem}; ${advice}` };
}

/** Where axe's source is, which a page can evaluate. */
export const axeFile: string = createRequire(path.join(REPOSITORY, "package.json")).resolve(
  "axe-core/axe.min.js",
);
