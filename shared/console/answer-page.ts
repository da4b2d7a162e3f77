import { MillraceError } from "../pipeline/millrace-error.ts";
import { describePages } from "./describe.ts";
import { asksForDescription, hostOf, readEvent, requestOf } from "./event.ts";
import { exportRun } from "./export-run.ts";
import { type ConsoleAnswer, errorPage, finishPage } from "./finish-page.ts";
import type { Host } from "./host/host.ts";
import type { Endpoints } from "./host/widget-host.ts";
import type { PageName, RequestOf } from "./page-request.ts";
import { pageOf } from "./pages.ts";
import { commandLine } from "./parts/command-line.ts";
import { inPageTime, type ReadingLimits, usualLimits } from "./reading-time.ts";
import type { Sources } from "./sources.ts";

async function showPage<P extends PageName>(
  sources: Sources,
  name: P,
  request: RequestOf<P>,
  host: Host,
  limits: ReadingLimits,
): Promise<ConsoleAnswer> {
  const page = pageOf(name);
  if (page === undefined) {
    throw new MillraceError("REQUEST_INVALID", `page: "${name}" is not built yet`, {
      remedy: "Use the command line for it.",
    });
  }
  const drawing = await inPageTime(limits, () => page.read(sources, request));
  const command = page.command?.(request);
  return finishPage(host, {
    title: page.title(request),
    body: drawing(host),
    request,
    ...(command !== undefined && { foot: commandLine(host.stage, command) }),
  });
}

/**
 * Answers an invocation of the function `console`: with a page, or with one that says why there is none. It never
 * throws, because CloudWatch shows nothing useful then. What takes too long is left out, and the page says so.
 */
export async function answerPage(
  sources: Sources,
  endpoints: Endpoints,
  given: unknown,
  requestId: string,
  limits: ReadingLimits = usualLimits,
): Promise<ConsoleAnswer> {
  const event = readEvent(given);
  if (asksForDescription(event)) return describePages;
  const host = hostOf(event, sources.engine, endpoints);
  try {
    const { export: exported } = event;
    if (exported !== undefined) return await inPageTime(limits, () => exportRun(sources, host, exported));
    const request = requestOf(event);
    return await showPage(sources, request.page, request, host, limits);
  } catch (error) {
    return errorPage(sources.engine, host, error, { title: "This page can't be shown", requestId });
  }
}
