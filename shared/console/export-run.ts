import type { RunView, StepView } from "../run/run-view.ts";
import { hasPassed } from "../wording/state-looks.ts";
import { type ConsoleAnswer, finishPage } from "./finish-page.ts";
import { type FilePages, fileHost, filePlace } from "./host/file-host.ts";
import type { Host } from "./host/host.ts";
import { type Content, html } from "./html.ts";
import { type PageName, type RequestOf, runTabs } from "./page-request.ts";
import { pageOf } from "./pages.ts";
import { commandLine } from "./parts/command-line.ts";
import { sectionOr } from "./parts/panel.ts";
import { readRun } from "./read/read-run.ts";
import { type Sources, section } from "./sources.ts";
import { tabTexts } from "./tab-texts.ts";

type FileRequest = RequestOf<"run"> | RequestOf<"step"> | RequestOf<"map">;
/** A page of the file, and the text of the button that shows it. */
type FilePage = { readonly text: string; readonly request: FileRequest };

/** Pages of steps that one file has, those of steps that failed first. */
const maxSteps = 40;

/** Steps that did something, those that failed first. */
function chosenSteps({ steps }: RunView): StepView[] {
  const failed = steps.filter(({ state }) => state === "FAILED" || state === "TIMED_OUT");
  const others = steps.filter(
    (step) => !failed.includes(step) && (step.attempts > 0 || hasPassed(step.state)),
  );
  return [...failed, ...others].slice(0, maxSteps);
}

/** The pages of a run: its tabs, and its steps as far as their pages are built. */
function pagesOf(view: RunView, shows: Host["shows"]): FilePage[] {
  const { runId } = view;
  const tabs = runTabs.map(
    (tab): FilePage => ({ text: tabTexts[tab], request: { page: "run", runId, tab } }),
  );
  const steps = chosenSteps(view)
    .map(({ name, children }): FilePage => {
      const place = { runId, step: name };
      return {
        text: name,
        request:
          children === undefined ? { page: "step", ...place } : { page: "map", ...place, view: "grid" },
      };
    })
    .filter(({ request }) => shows(request.page));
  return [...tabs, ...steps];
}

async function contentOf<P extends PageName>(
  sources: Sources,
  name: P,
  request: RequestOf<P>,
  host: Host,
): Promise<Content> {
  const drawing = await pageOf(name)?.read(sources, request);
  return drawing?.(host);
}

/**
 * All pages of a run as one page without links that lead elsewhere, for a file.
 *
 * @throws RunNotFoundError, GraphMissingError
 */
export async function exportRun(
  sources: Sources,
  facts: Pick<Host, "theme" | "zone" | "now" | "stage" | "shows">,
  runId: string,
): Promise<ConsoleAnswer> {
  const { view } = await readRun(sources.engine, runId);
  const pages = pagesOf(view, facts.shows);
  const ids: FilePages = new Map(pages.map(({ request }, place) => [filePlace(request), `mr-page-${place}`]));
  const host = fileHost(facts, ids);
  const parts = await Promise.all(
    pages.map(async ({ text, request }) => ({
      ...{ text, id: ids.get(filePlace(request)) ?? "" },
      part: await section(contentOf(sources, request.page, request, host)),
    })),
  );
  const choices = parts.map(({ text, id, part }, place) => {
    const input =
      place === 0
        ? html`<input type="radio" class="mr-choice" name="page" id="${id}" checked>`
        : html`<input type="radio" class="mr-choice" name="page" id="${id}">`;
    const content = sectionOr(`The page "${text}"`, part, (value) => value);
    return html`${input}<label class="mr-choice-text" for="${id}">${text}</label><section class="mr-chosen" aria-label="${text}">${content}</section>`;
  });
  return finishPage(host, {
    title: `Run ${runId}`,
    body: html`<div class="mr-choices">${choices}</div>`,
    foot: commandLine(host.stage, ["run", runId]),
  });
}
