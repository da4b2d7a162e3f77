import { spawnSync } from "node:child_process";

/**
 * The commit that a folder is at: 40 hexadecimal digits, with a `-dirty` suffix if tracked files differ from it; or
 * `unknown: ` and the reason.
 */
export function gitCommit(folder: string): string {
  const args = ["describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"];
  const { status, stdout, stderr, error } = spawnSync("git", args, {
    cwd: folder,
    encoding: "utf8",
    env: process.env,
  });
  if (status === 0) return stdout.trim();
  const [reason = ""] = (error === undefined ? stderr : "git is not installed").trim().split("\n");
  return `unknown: ${reason.replace(/^fatal: /, "").slice(0, 200)}`;
}
