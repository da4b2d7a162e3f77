import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { type RunningConsole, startConsole } from "../../../cli/console/server.ts";
import { targetOfStack } from "../../../cli/readers/target.ts";
import { pageText } from "../../console/elements.ts";
import { Visitor } from "../../console/visitor.ts";
import type { DeployedService } from "../deployed-service.ts";
import { typed } from "../typed-command.ts";
import { product } from "./service.ts";

let service: DeployedService;
let running: RunningConsole;
let visitor: Visitor;
/** A run on a file that is no table. */
let runId: string;
const key = "incoming/points.csv";
const reason = "incoming/points.csv, line 3, column x is 'three', which is not a finite number";

/** The server of `millrace console`, and the deployed functions behind it. */
beforeAll(async () => {
  service = product();
  running = await startConsole("local", targetOfStack(service.stack).invoke, 0);
  visitor = new Visitor(running.address);
  await service.drop(key, "x,y\n1,2\nthree,4\n5,6\n");
  const source = { uri: `s3://${service.bucket}/${key}` };
  const params = { alphas: [1], source };
  ({ runId } = await service.start({ pipeline: "ridge-sweep", params, key: "console" }));
  await service.finished(runId);
});

afterAll(() => running?.close());

describe("the console on a deployed stage", () => {
  it("says why a run on a bad file failed, and shows its log", async () => {
    await visitor.enter(running.address);
    await visitor.open("/runs?pipeline=ridge-sweep&state=FAILED");
    await visitor.follow(runId);
    expect(visitor.text).toContain("✗ failed");
    expect(visitor.text).toContain(reason);
    await visitor.follow("Log");
    expect(visitor.text).toContain("download_dataset");
  });

  it("exports the failed run as a file that says the same, and never overwrites one", async () => {
    const folder = mkdtempSync(path.join(tmpdir(), "millrace-export-"));
    const context = { cwd: folder, stack: service.stack.stateDir };
    const written = await typed(context, ["export", runId, "-o", "run.html"]);
    expect([written.exitCode, written.stdout]).toEqual([0, expect.stringMatching(/^wrote run\.html \(/)]);
    const file = pageText(readFileSync(path.join(folder, "run.html"), "utf8"));
    expect(file).toContain(reason);
    const [again, unknown] = await Promise.all([
      typed(context, ["export", runId, "-o", "run.html"]),
      typed(context, ["export", "20211004T162100Z-none"]),
    ]);
    expect([again.exitCode, again.stderr]).toEqual([1, expect.stringContaining("error[FILE_EXISTS]")]);
    expect([unknown.exitCode, unknown.stderr]).toEqual([1, expect.stringContaining("error[RUN_NOT_FOUND]")]);
    rmSync(folder, { recursive: true, force: true });
  });

  it("retries the run by its button once the file is corrected, and the run succeeds", async () => {
    const rows = Array.from({ length: 40 }, (_, row) => `${row / 10},${row / 5 + 1}`);
    await service.drop(key, ["x,y", ...rows, ""].join("\n"));
    await visitor.open(`/run?runId=${runId}`);
    await visitor.press("Retry");
    expect(visitor.text).toContain(`Run ${runId} is now RUNNING.`);
    await service.finished(runId);
    await visitor.follow(`Look at run ${runId}`);
    expect(visitor.text).toContain("✓ succeeded");
    expect(visitor.text).toContain("2: retried by hand once");
  });
});
