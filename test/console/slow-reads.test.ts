import { MemoryLogReader } from "../../shared/adapters/memory/memory-log-reader.ts";
import { paramsSchemaOf } from "../../shared/app/params-schemas.ts";
import { answerPage } from "../../shared/console/answer-page.ts";
import type { ReadingLimits } from "../../shared/console/reading-time.ts";
import { begin } from "../engine/driving.ts";
import { pageText } from "./elements.ts";
import { consoleStage, endpoints } from "./fixtures.ts";

/** Milliseconds that no page of these tests needs. */
const long = 600_000;

/** A page of a stage on which a read of the store never answers. */
async function pageWithout(
  method: "waitingApprovals" | "getRun",
  request: Record<string, unknown>,
  limits: ReadingLimits,
) {
  const { memory } = consoleStage();
  await memory.finish(await begin(memory, "scores"));
  const never = new Promise<never>(() => undefined);
  const store = Object.assign(Object.create(memory.engine.store), { [method]: () => never });
  const sources = { engine: { ...memory.engine, store }, logs: new MemoryLogReader(), paramsSchemaOf };
  return pageText(String(await answerPage(sources, endpoints, request, "request-1", limits)));
}

test("a section that isn't read in time is named, and the rest of the page is shown", async () => {
  const text = await pageWithout("waitingApprovals", { page: "home" }, { sections: 1, page: long });
  expect(text).toContain("could not be read. ReadTimeout: it was not read within 0.001 s");
  expect(text).toContain("scores");
});

test("a page that can't be read in time says so, with a remedy", async () => {
  const text = await pageWithout("getRun", { page: "run", runId: "r" }, { sections: long, page: 1 });
  expect(text).toContain("READ_TIMEOUT : it was not read within 0.001 s");
  expect(text).toContain("What to do: Refresh.");
});
