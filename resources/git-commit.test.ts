import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gitCommit } from "./git-commit.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-git-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe("the commit of a deployment", () => {
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.c", ...args], {
      cwd: folder,
      encoding: "utf8",
    });

  it("is the checked-out one, whatever tags there are, and says if files differ from it", () => {
    git("init", "--quiet");
    writeFileSync(join(folder, "a"), "1");
    git("add", "a");
    git("commit", "--quiet", "-m", "a");
    git("tag", "-a", "v1", "-m", "v1");
    const commit = git("rev-parse", "HEAD").trim();
    expect(gitCommit(folder)).toBe(commit);
    writeFileSync(join(folder, "a"), "2");
    expect(gitCommit(folder)).toBe(`${commit}-dirty`);
  });

  it("is unknown outside of a repository, with the reason", () => {
    expect(gitCommit(folder)).toMatch(/^unknown: not a git repository/);
  });

  it("is unknown without git, with the reason", () => {
    const { PATH } = process.env;
    process.env.PATH = folder;
    try {
      expect(gitCommit(folder)).toBe("unknown: git is not installed");
    } finally {
      process.env.PATH = PATH;
    }
  });
});
