import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";

const testing = join(__dirname, "testing");

/** Runs a worker in a process of its own, and returns how it ended and what it wrote. */
async function lives(what: string, recorder = join(testing, "recorder.cjs")) {
  const child = spawn(
    process.execPath,
    ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", join(testing, "blocked-process.ts"), recorder, what],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  const [output, log, [code, signal]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, "close"),
  ]);
  return { output, log, code, signal };
}

describe("a watch thread", () => {
  it.each([
    ["for ever", { isBlocked: true, held: ["held"], running: ["blocks"] }],
    ["for ever, later", { isBlocked: true, held: ["held"], running: ["blocks", "neighbour"] }],
  ])("has what a blocked worker holds recorded, and ends the process: %s", async (what, recorded) => {
    const { output, log, signal } = await lives(what);
    expect({ signal, recorded: JSON.parse(output) }).toEqual({ signal: "SIGKILL", recorded });
    expect(log).toContain("a line of the thread's own log");
  });

  it("ends a blocked process that it can't record, and says which steps ran in it", async () => {
    const { log, signal } = await lives("for ever", join(testing, "missing.cjs"));
    expect(signal).toBe("SIGKILL");
    expect(log).toMatch(/blocked by one of r blocks\[0\], and that could not be recorded: .*missing\.cjs/);
  });

  it.each(["within its time", "without blocking", "a neighbour", "only itself"])(
    "leaves a process alone whose functions block it: %s",
    async (what) => {
      const { output, log, code } = await lives(what);
      expect({ log, code, last: output.trim().split("\n").at(-1) }).toEqual({
        log: "",
        code: 0,
        last: "ends",
      });
    },
  );
});
