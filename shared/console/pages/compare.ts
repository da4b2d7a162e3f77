import type { Json } from "../../pipeline/json.ts";
import type { StepView } from "../../run/run-view.ts";
import { causeText } from "../../wording/cause-text.ts";
import { stateLook } from "../../wording/state-looks.ts";
import { costText } from "../../wording/usage-text.ts";
import { type Compared, comparedValues, differs } from "../comparison.ts";
import { curvesOver } from "../curves.ts";
import type { FlatValue } from "../flat-values.ts";
import type { Host } from "../host/host.ts";
import { type Content, type Html, html } from "../html.ts";
import { type BuiltPage, page } from "../page.ts";
import type { RequestOf } from "../page-request.ts";
import { lineChart } from "../parts/line-chart.ts";
import { sectionOr } from "../parts/panel.ts";
import { runBadge } from "../parts/state-badge.ts";
import { table } from "../parts/table.ts";
import { duration, timeText } from "../parts/time.ts";
import { type ComparePageData, readCompared } from "../read/read-compare.ts";
import type { RunPageData } from "../read/read-run.ts";

type Request = RequestOf<"compare">;

/** A run that could be read. Its letter stands for it in headings, because ids are long. */
type Read = RunPageData & { readonly letter: string; readonly result: Json | undefined };

/** Rows of one section, and characters of a value, that a page shows. */
const maxRows = 100;
const maxText = 200;

function readRuns({ runs }: ComparePageData): Read[] {
  return runs.flatMap(({ data, result }, place) =>
    data.read
      ? [
          {
            ...data.value,
            letter: String.fromCharCode(65 + place),
            result: result.read ? result.value : undefined,
          },
        ]
      : [],
  );
}

/** The rows that differ, or all of them, of one kind of values. */
function part(title: string, rows: readonly Compared[], runs: readonly Read[], all: boolean): Html {
  const different = rows.filter(differs);
  const shown = all ? rows : different;
  const same = rows.length - different.length;
  const mark = (row: Compared) => (differs(row) ? html`<strong>${row.name}</strong>` : row.name);
  const summary =
    different.length === 0
      ? `None of ${rows.length} differs.`
      : `${different.length} ${different.length === 1 ? "differs" : "differ"}, ${same} ${same === 1 ? "is" : "are"} the same.`;
  return html`<h2>${title}</h2><p>${rows.length === 0 ? "There are none." : summary}</p>${
    shown.length > 0 &&
    table(
      title,
      ["Name", ...runs.map(({ letter }) => letter)],
      shown
        .slice(0, maxRows)
        .map((row) => [
          mark(row),
          ...row.texts.map((text) => (text === undefined ? "–" : text.slice(0, maxText))),
        ]),
    )
  }${shown.length > maxRows && html`<p>${shown.length - maxRows} more are not shown.</p>`}`;
}

/** One fact of each run. */
const fact = (name: string, runs: readonly Read[], text: (run: Read) => string | undefined): Compared => ({
  name,
  texts: runs.map(text),
});

function facts(runs: readonly Read[], host: Host): Compared[] {
  return [
    fact("State", runs, ({ view }) => view.state),
    fact("Pipeline", runs, ({ view }) => view.pipeline),
    fact("Commit", runs, ({ run }) => run.commit),
    fact("Graph", runs, ({ run }) => run.graphHash.slice(0, 12)),
    fact("Cause", runs, ({ view }) => causeText(view.cause)),
    fact("For the time", runs, ({ view }) => timeText(view.scheduledAt, host)),
    fact("Epoch", runs, ({ view }) => String(view.epoch)),
    fact("Tags", runs, ({ view }) => view.tags.join(" ")),
    fact("Took", runs, ({ view }) => duration(view.milliseconds)),
    fact("Cost", runs, ({ view }) => (view.cost.dollars > 0 ? costText(view.cost) : undefined)),
    fact("Error", runs, ({ view }) => view.error && `${view.error.step}: ${view.error.message}`),
  ];
}

const stepsNamed = (runs: readonly Read[]) => [
  ...new Set(runs.flatMap(({ view }) => view.steps.map(({ name }) => name))),
];
const stepOf = ({ view }: Read, name: string) => view.steps.find((step) => step.name === name);

/** The images that the jobs of a step ran in: their code. */
function imagesOf(runs: readonly Read[]): Compared[] {
  return stepsNamed(runs)
    .map((name) =>
      fact(name, runs, (run) => stepOf(run, name)?.jobs?.findLast(({ image }) => image !== undefined)?.image),
    )
    .filter(({ texts }) => texts.some((text) => text !== undefined));
}

/** The figures in the results of steps. */
function metricsOf(runs: readonly Read[]): Compared[] {
  const isFigure = (value: FlatValue) => typeof value === "number";
  return stepsNamed(runs).flatMap((name) => {
    const outputs = runs.map((run) => {
      const output = stepOf(run, name)?.output;
      return output !== undefined && "value" in output ? output.value : undefined;
    });
    return comparedValues(outputs, isFigure).map(({ name: path, texts }) => ({
      name: path === "" ? name : `${name}: ${path}`,
      texts,
    }));
  });
}

const stateText = (step: StepView | undefined) => step && stateLook(step.state).word;

/** How long each step took and what it cost, in each run. */
function stepsPart(runs: readonly Read[]): Html {
  const cell = (step: StepView | undefined) => {
    if (step === undefined) return "–";
    const cost = step.cost === undefined || step.cost.dollars === 0 ? "" : `, ${costText(step.cost)}`;
    return `${stateText(step) ?? ""}${step.milliseconds === undefined ? "" : `, ${duration(step.milliseconds)}`}${cost}`;
  };
  return html`<h2>Steps</h2>${table(
    "State, duration and cost of each step",
    ["Step", ...runs.map(({ letter }) => letter)],
    stepsNamed(runs).map((name) => [name, ...runs.map((run) => cell(stepOf(run, name)))]),
  )}`;
}

/** Curves of the same report of the same step, a line a run. */
function curvesPart({ reports }: ComparePageData, runs: readonly Read[]): Content {
  return sectionOr("The curves", reports, (all) => {
    const tables = all.flatMap(({ runId, step, report: { name, content } }) => {
      const letter = runs.find(({ run }) => run.runId === runId)?.letter;
      return content.kind === "table" && letter !== undefined
        ? [{ ...content, step, name, label: letter }]
        : [];
    });
    const groups = [...Map.groupBy(tables, ({ step, name }) => `${step}, ${name}`)];
    const charts = groups
      .filter(([, group]) => group.length > 1)
      .flatMap(([title, group]) => curvesOver(group).map((curves) => lineChart(title, curves)));
    return charts.length > 0 && [html`<h2>Curves</h2>`, charts];
  });
}

function runList({ runs }: ComparePageData, host: Host): Content {
  return runs.map(({ runId, data }, place) => {
    const letter = String.fromCharCode(65 + place);
    return sectionOr(
      `Run ${runId}`,
      data,
      ({ view }) =>
        html`<p><strong>${letter}</strong> ${host.link({ page: "run", runId }, runId)} ${view.pipeline} ${runBadge(view.state)}</p>`,
    );
  });
}

function show(data: ComparePageData, request: Request, host: Host): Content {
  const runs = readRuns(data);
  const { all } = request;
  const hasLarge = runs.some(({ counted }) => counted.size > 0);
  return [
    runList(data, host),
    host.form({
      name: "compare",
      submit: "Compare",
      to: request,
      fields: [
        { name: "runs", label: "Runs, two to five, with commas between", value: request.runs.join(",") },
      ],
    }),
    html`<p>${all ? "Everything is shown; what differs is bold." : "Only what differs is shown."} ${host.link(
      { ...request, all: !all },
      all ? "Show only what differs" : "Show all",
    )}</p>`,
    runs.length >= 2 && [
      part("Facts", facts(runs, host), runs, all),
      part("Parameters", comparedValues(runs.map(({ view }) => view.params)), runs, all),
      part("Results", comparedValues(runs.map(({ result }) => result)), runs, all),
      part("Figures in the results of steps", metricsOf(runs), runs, all),
      part("Images of jobs", imagesOf(runs), runs, all),
      curvesPart(data, runs),
      stepsPart(runs),
      hasLarge && html`<p>Of large maps, only the counts were read, so their costs are lower bounds.</p>`,
    ],
  ];
}

/** Two to five runs next to one another: what differs between them. */
export const comparePage: BuiltPage<Request> = page<Request, ComparePageData>({
  title: ({ runs }) => `Compare ${runs.length} runs`,
  read: readCompared,
  show,
  command: ({ runs: [first = ""] }) => ["run", first],
});
