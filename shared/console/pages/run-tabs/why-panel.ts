import type { ErrorView, RunView, StepView } from "../../../run/run-view.ts";
import { type FoundStep, stepLabel } from "../../../state/step-record.ts";
import { waitText } from "../../../wording/wait-text.ts";
import type { Host } from "../../host/host.ts";
import { type Content, type Html, html } from "../../html.ts";
import { failurePanel } from "../../parts/failure-panel.ts";
import { notice } from "../../parts/panel.ts";
import { runLinks } from "../../parts/run-links.ts";
import { time } from "../../parts/time.ts";
import { refusedPromotion } from "../../refused-promotion.ts";
import { approvalForms } from "../../run-actions.ts";

type Failed = { readonly step: string; readonly error: ErrorView };

/** The errors of steps that failed, in the order of the steps, then those of what followed the end. */
function failures({ steps, afterwards }: RunView): Failed[] {
  const of = (name: string, errors: readonly ErrorView[]) => errors.map((error) => ({ step: name, error }));
  return [
    ...steps.flatMap(({ name, state, errors }) => (state === "RETRYING" ? [] : of(name, errors))),
    ...afterwards.flatMap(({ kind, name, errors }) => of(kind === "hook" ? name : `${kind} ${name}`, errors)),
  ];
}

/** A failure, with the way to its step. What followed the run's end has no page. */
function failureOf(view: RunView, host: Host): (failed: Failed) => Html {
  const steps = new Set(view.steps.map(({ name }) => name));
  return ({ step, error }) =>
    failurePanel(
      step,
      error,
      host.shows("step") &&
        steps.has(step) &&
        html`<p>${host.link(
          { page: "step", runId: view.runId, step, ...(error.index !== undefined && { index: error.index }) },
          `Look at ${stepLabel(step, error.index)}`,
        )}</p>`,
    );
}

/** How many failures are shown in full; more are counted. */
const maxPanels = 5;

/** Children of a mapped approval whose forms are shown; each has two. */
const maxAsked = 10;

/** The children of a mapped approval that wait for a person, with forms for the first of them. */
function mappedApproval(view: RunView, name: string, records: readonly FoundStep[], host: Host): Content {
  const waiting = records.filter(
    (each) => each.step === name && each.index !== "map" && each.state === "PAUSED",
  );
  const shown = waiting.slice(0, maxAsked).flatMap(({ index, ...record }) => {
    if (index === "map" || !("message" in record)) return [];
    const label = stepLabel(name, index);
    const forms = approvalForms(view, name, index, label).map((form) => host.form(form));
    return [html`<p><strong>${label}</strong>: ${record.message}</p>`, forms];
  });
  const rest =
    waiting.length > maxAsked
      ? `${waiting.length - maxAsked} more wait. `
      : waiting.length === 0
        ? "This page doesn't read the items of so large a map. "
        : "";
  return notice([
    html`<p><strong>${name}</strong> waits for answers, one for each item.</p>`,
    shown,
    html`<p>${rest}${host.link({ page: "approvals" }, "All that waits")}, or answer with <code>npx millrace approve ${view.runId} ${name}[INDEX] --by NAME</code>.</p>`,
  ]);
}

/** A step that waits for a person. */
function approvalPanel(
  view: RunView,
  { name, message, children }: StepView,
  records: readonly FoundStep[],
  host: Host,
): Content {
  if (children !== undefined) return mappedApproval(view, name, records, host);
  const forms = approvalForms(view, name, 0, name).map((form) => host.form(form));
  return notice([html`<p><strong>${name}</strong> waits for an answer: ${message}</p>`, forms]);
}

/** Whether an approval waits for an answer. A mapped one does from its list until its end. */
function isAsking({ state, message, children, endedAt }: StepView, view: RunView): boolean {
  if (view.endedAt !== undefined || endedAt !== undefined) return false;
  return state === "PAUSED" || message !== undefined || children !== undefined;
}

/** A model that a gate refused: the run succeeds all the same, so nothing else says it. */
function refusalPanel(step: StepView, { runId }: RunView, host: Host): Content {
  const refused = refusedPromotion(step);
  if (refused === undefined) return undefined;
  const { name, version, alias, holder, reason } = refused;
  const kept = holder === null ? `No version has the alias ${alias}` : `The ${alias} is version ${holder}`;
  return notice([
    html`<p><strong>The gate refused version ${version} of ${name}.</strong> ${reason}. ${kept}.</p>`,
    html`<p>${host.link({ page: "step", runId, step: step.name }, `Look at ${step.name}`)} ${host.kind !== "file" && host.link({ page: "models", name }, `Look at model ${name}`)}</p>`,
  ]);
}

/** Holders of slots that are links. */
const maxHolders = 5;

/** What a run waits for before it begins, with the ways to its queue and to the runs that hold the slots. */
function waitPanel(view: RunView, host: Host): Content {
  const waits = waitText(view);
  if (waits === undefined) return undefined;
  const { queue, waitsFor = [] } = view;
  const holders = [...new Set(waitsFor.flatMap((limit) => limit.holders))];
  return notice([
    html`<p>It ${waits.startsWith("waits") ? waits : `is next: ${waits}`}.</p>`,
    holders.length > 0 && html`<p>Slots are held by ${runLinks(holders, maxHolders, host)}</p>`,
    waitsFor.length > 0 &&
      host.kind !== "file" &&
      html`<p>${host.link({ page: "queues", queue }, `Look at the queue ${queue}`)}</p>`,
  ]);
}

/** Why a run failed, or what it waits for, with what to do: the first thing that somebody needs to know. */
export function whyPanel(view: RunView, records: readonly FoundStep[], host: Host): Content {
  const all = failures(view);
  const drawFailure = failureOf(view, host);
  const asks = view.steps.filter((step) => step.kind === "approval" && isAsking(step, view));
  const retrying = view.steps.filter(({ state }) => state === "RETRYING");
  return [
    view.reason !== undefined && notice(html`<p>${view.reason}</p>`),
    all.slice(0, maxPanels).map(drawFailure),
    all.length > maxPanels && html`<p>${all.length - maxPanels} more failures: see the steps.</p>`,
    all.length === 0 && view.error !== undefined && drawFailure({ step: view.error.step, error: view.error }),
    waitPanel(view, host),
    view.steps.map((step) => refusalPanel(step, view, host)),
    asks.map((step) => approvalPanel(view, step, records, host)),
    retrying.map(({ name, errors: [error], retryAt }) =>
      notice(
        html`<p><strong>${name}</strong> is tried again${retryAt !== undefined && html` at ${time(retryAt, host)}`}: ${error?.name} ${error?.message}</p>`,
      ),
    ),
  ];
}
