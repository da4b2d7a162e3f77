import { artifactName } from "../../batch/made-artifacts.ts";
import { taskText } from "../../pipeline/task-kinds.ts";
import { stepLabel } from "../../state/step-record.ts";
import { bytesText } from "../../wording/units.ts";
import { costText } from "../../wording/usage-text.ts";
import type { Host } from "../host/host.ts";
import { type Content, type Html, html } from "../html.ts";
import { type BuiltPage, page } from "../page.ts";
import type { RequestOf } from "../page-request.ts";
import { dataValue } from "../parts/data-value.ts";
import { facts } from "../parts/facts.ts";
import { failurePanel } from "../parts/failure-panel.ts";
import { notice, sectionOr } from "../parts/panel.ts";
import { reportPart } from "../parts/report.ts";
import { runBadge, stepBadge } from "../parts/state-badge.ts";
import { table } from "../parts/table.ts";
import { duration, time } from "../parts/time.ts";
import { isReport, maxReports } from "../read/read-reports.ts";
import { readStep, type ShownValue, type StepPageData } from "../read/read-step.ts";
import { attemptsPart } from "./step-parts/attempts.ts";
import { logPart } from "./step-parts/log.ts";
import { usagePart } from "./step-parts/usage.ts";

type Request = RequestOf<"step">;
type Data = StepPageData & { readonly region?: string | undefined };

/** Objects that one page lists. */
const maxObjects = 100;

const labelOf = ({ step, index }: Request) => stepLabel(step, index);

function factList({ run, node, step, state }: Data, request: Request, host: Host): Html {
  const { index, runId } = request;
  return facts([
    ["State", stepBadge(state)],
    ["Run", html`${host.link({ page: "run", runId }, runId)} ${runBadge(run.state)}`],
    ["Pipeline", run.pipeline],
    ["Work", taskText(node)],
    [
      "Map",
      index !== undefined &&
        node.over !== undefined &&
        html`child ${index} of ${host.link({ page: "map", runId, step: node.name }, node.name)}`,
    ],
    ["Attempts", step.attempts === 0 ? undefined : String(step.attempts)],
    ["Began", step.startedAt === undefined ? undefined : time(step.startedAt, host)],
    ["Ended", step.endedAt === undefined ? undefined : time(step.endedAt, host)],
    ["Took", duration(step.milliseconds)],
    ["Tried again at", step.retryAt === undefined ? undefined : time(step.retryAt, host)],
    ["Run that it started", step.child && host.link({ page: "run", runId: step.child }, step.child)],
    [
      "Result taken from",
      step.cachedFrom &&
        host.link({ page: "run", runId: step.cachedFrom.runId }, `run ${step.cachedFrom.runId}`),
    ],
    ["Passes", step.passes],
    ["Asks", step.message],
    [
      "Answers",
      step.answers
        ?.map(
          ({ approved, by, comment }) =>
            `${approved ? "yes" : "no"} by ${by}${comment === undefined ? "" : `: ${comment}`}`,
        )
        .join("; "),
    ],
    ["Without a GPU", step.withoutGpu === true && "the stage has none"],
    ["Cost", step.cost === undefined || step.cost.dollars === 0 ? undefined : costText(step.cost)],
    ["Tags", step.tags?.join(" ")],
  ]);
}

function valuePart(title: string, { place, value, reason }: ShownValue): Html {
  return html`<h2>${title}</h2>${reason !== undefined && html`<p>${reason}</p>`}${value !== undefined && dataValue(value)}${place !== undefined && html`<p class="mr-quiet">In S3: <code>${place}</code></p>`}`;
}

function madePart({ made }: Data): Content {
  return sectionOr("What the step made", made, (all) => {
    if (all.length === 0) return undefined;
    const rows = all
      .slice(0, maxObjects)
      .map(({ uri, mediaType, bytes }) => [
        artifactName(uri) || uri,
        mediaType,
        bytesText(bytes),
        html`<code>${uri}</code>`,
      ]);
    return [
      html`<h2>Objects</h2>`,
      table(
        "Objects that the step made",
        ["Name", "Type", { heading: "Size", figures: true }, "Place"],
        rows,
      ),
      all.length > maxObjects && html`<p>${all.length - maxObjects} more are not shown.</p>`,
    ];
  });
}

function reportsPart({ reports, made }: Data): Content {
  const count = made.read ? made.value.filter(isReport).length : 0;
  return sectionOr("The reports", reports, (all) => [
    all.length > 0 && html`<h2>Reports</h2>`,
    all.map(reportPart),
    count > maxReports && html`<p>${count - maxReports} more reports are not shown.</p>`,
  ]);
}

function progressPart({ progress }: Data, host: Host): Content {
  return sectionOr("The progress", progress, (reported) => {
    if (reported === undefined) return undefined;
    const { fraction, message, at, perMinute } = reported;
    const percent = fraction === undefined ? undefined : Math.floor(fraction * 100);
    const left = fraction === undefined || perMinute === undefined ? undefined : (1 - fraction) / perMinute;
    const finding = `Progress: ${percent === undefined ? "" : `${percent} %, `}${message}`;
    return notice([
      html`<p>${finding}${left !== undefined && `, about ${duration(left * 60_000)} left`} (at ${time(at, host)})</p>`,
      percent !== undefined &&
        html`<svg class="mr-bar" viewBox="0 0 100 18" preserveAspectRatio="none" role="img" aria-label="${finding}"><rect class="mr-gray" x="0" y="2" width="100" height="14"></rect><rect class="mr-fill-cyan" x="0" y="2" width="${percent}" height="14"></rect></svg>`,
    ]);
  });
}

function show(data: Data, request: Request, host: Host): Content {
  const { step, isMap, record, run, region } = data;
  const { runId, index } = request;
  const isOld = record !== undefined && record.epoch < run.epoch;
  return [
    isMap &&
      notice(
        html`<p>This step is a map. ${host.link({ page: "map", runId, step: step.name }, "Look at its children")}</p>`,
      ),
    isOld && notice(html`<p>This is of epoch ${record.epoch}; the run is in epoch ${run.epoch}.</p>`),
    step.errors.map((error) => failurePanel(step.name, { ...error, ...(index !== undefined && { index }) })),
    progressPart(data, host),
    factList(data, request, host),
    attemptsPart(data, region, host),
    reportsPart(data),
    usagePart(step.usage),
    sectionOr("The input", data.input, (value) => valuePart("Input", value)),
    sectionOr("The output", data.output, (value) => valuePart("Output", value)),
    madePart(data),
    !isMap && html`<h2>Log</h2>`,
    !isMap && sectionOr("The log", data.log, (tail) => logPart(tail, request, host)),
  ];
}

/** One step, or one child of a map: its attempts, what it read, made and reported, and its log. */
export const stepPage: BuiltPage<Request> = page<Request, Data>({
  title: (request) => `Step ${labelOf(request)}`,
  async read(sources, request) {
    return { ...(await readStep(sources, request)), region: sources.engine.stage.region };
  },
  show,
  command: (request) => ["logs", request.runId, "--step", labelOf(request)],
});
