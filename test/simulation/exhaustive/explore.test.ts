import { join } from "node:path";
import { execa } from "execa";

const root = join(import.meta.dirname, "..", "..", "..");
/**
 * Executions of one small graph under one kind of fault. This completes the smallest graphs and starts on the others.
 */
const limit = 75;

describe("the exhaustive search over two workers' calls and crashes", () => {
  it("finds no broken promise in small graphs", async () => {
    // Runs the program in its own process, because jest would take many times as long.
    const flags = ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", "test/simulation/simulate.ts"];
    const { stdout } = await execa(
      join(root, "node_modules", ".bin", "node"),
      [...flags, "--exhaustive", "--limit", String(limit), "--json"],
      { cwd: root, reject: false },
    );
    const { crashPoints, states, explored } = JSON.parse(stdout);
    expect(explored.filter(({ broken }: { broken?: object }) => broken !== undefined)).toEqual([]);
    expect(crashPoints).toBeGreaterThan(300);
    expect(states).toBeGreaterThan(1000);
  });
});
