import { fileText } from "../../cli/console/document.ts";
import { begin } from "../engine/driving.ts";
import { attribute, elementsOf, pageText } from "./elements.ts";
import { consoleStage } from "./fixtures.ts";

const asked = { loopback: { token: "the token", kept: {} } };

/** The file of a run, as `millrace export` writes it. */
async function fileOf(stage: ReturnType<typeof consoleStage>, runId: string): Promise<string> {
  const answer = await stage.console({ export: runId, ...asked });
  if (typeof answer === "string") throw new Error("the answer is no page with a title");
  return fileText(answer);
}

async function failed(words: string) {
  const stage = consoleStage();
  const runId = await begin(stage.memory, "scores", { params: { fails: true, words } });
  await stage.memory.finish(runId);
  return { stage, runId };
}

test("a file has all tabs of the run, and why it failed", async () => {
  const { stage, runId } = await failed("the file has no header");
  const file = await fileOf(stage, runId);
  const choices = elementsOf(file).filter((each) => attribute(each, "class") === "mr-choice");
  expect(choices.map((each) => attribute(each, "checked"))).toEqual([
    "",
    ...choices.slice(1).map(() => undefined),
  ]);
  const sections = elementsOf(file).filter(({ tagName }) => tagName === "section");
  expect(sections.map((each) => attribute(each, "aria-label")).slice(0, 6)).toEqual([
    ...["Steps", "Timeline", "Graph", "Inputs and results", "Artifacts", "Log"],
  ]);
  const text = pageText(file);
  expect(text).toContain("add_up: the file has no header");
  expect(text).toContain("From the request to the end");
  expect(text).toContain(`npx millrace run ${runId} --json`);
});

test("a file has no script, no button, no form, no address and no token, and loads nothing", async () => {
  const { stage, runId } = await failed('"><script src="https://example.org/x.js">');
  const file = await fileOf(stage, runId);
  const all = elementsOf(file);
  const unwanted = ["a", "form", "button", "script", "link", "img", "iframe", "cwdb-action"];
  expect(all.filter(({ tagName }) => unwanted.includes(tagName))).toEqual([]);
  expect(all.filter((each) => attribute(each, "href") ?? attribute(each, "src"))).toEqual([]);
  expect(file).not.toContain("the token");
  const [policy] = all.filter((each) => attribute(each, "http-equiv") === "Content-Security-Policy");
  expect(policy && attribute(policy, "content")).toBe(
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:",
  );
});

test("each label leads to a radio button of the file, and no two elements have one id", async () => {
  const { stage, runId } = await failed("no");
  const all = elementsOf(await fileOf(stage, runId));
  const ids = all.flatMap((each) => attribute(each, "id") ?? []);
  expect(new Set(ids).size).toBe(ids.length);
  const labels = all.filter(({ tagName }) => tagName === "label");
  expect(labels.length).toBeGreaterThan(6);
  expect(labels.filter((each) => !ids.includes(attribute(each, "for") ?? ""))).toEqual([]);
});

test("a part that can't be read is said to be missing, and the rest is there", async () => {
  const { stage, runId } = await failed("no");
  const { engine } = stage.memory;
  let reads = 0;
  stage.memory.engine = {
    ...engine,
    store: Object.assign(Object.create(engine.store), {
      getSteps: (keys: Parameters<typeof engine.store.getSteps>[0]) => {
        reads += 1;
        return reads === 3 ? Promise.reject(new Error("InternalServerError")) : engine.store.getSteps(keys);
      },
    }),
  };
  const text = pageText(await fileOf(stage, runId));
  expect(text).toContain("could not be read. Error: InternalServerError");
  expect(text).toContain("From the request to the end");
});

test("an unknown run is answered with a page that says so", async () => {
  const answer = await consoleStage().console({ export: "r1", ...asked });
  expect(pageText(typeof answer === "string" ? answer : answer.html)).toContain('there is no run "r1"');
});
