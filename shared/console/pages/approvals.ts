import type { WaitingApproval, WaitingApprovals } from "../../run/waiting-approvals.ts";
import { stepLabel } from "../../state/step-record.ts";
import { durationText } from "../../wording/units.ts";
import type { Host } from "../host/host.ts";
import { type Content, type Html, html } from "../html.ts";
import { page } from "../page.ts";
import type { RequestOf } from "../page-request.ts";
import { facts } from "../parts/facts.ts";
import { ago, time } from "../parts/time.ts";
import { readApprovals } from "../read/read-approvals.ts";
import { approvalForms } from "../run-actions.ts";

/** Characters of a question. */
const maxQuestion = 2000;

/** What happens at the deadline if nobody answers. */
function atDeadline({ byDefault }: WaitingApproval): string {
  if (byDefault === undefined) return "it fails without an answer";
  return byDefault === "approve" ? "it is approved" : "it is rejected";
}

function panel(approval: WaitingApproval, host: Host): Html {
  const { runId, pipeline, name, step, index, message, since, deadline } = approval;
  const label = stepLabel(step, index);
  const left = Date.parse(deadline) - host.now;
  const question = message.length > maxQuestion ? `${message.slice(0, maxQuestion)}… (cut)` : message;
  return html`<section class="mr-panel mr-yellow"><h2>${question}</h2>${facts([
    ["Asked by", html`step ${label} of ${pipeline}`],
    ["Run", host.link({ page: "run", runId }, runId)],
    ["Name", name === runId ? undefined : name],
    ["Waits since", html`${time(since, host)} (${ago(since, host)})`],
    [
      "Deadline",
      html`${time(deadline, host)} (${left > 0 ? `in ${durationText(left)}` : "it has passed"}): then ${atDeadline(approval)}`,
    ],
  ])}${approvalForms({ runId, pipeline }, step, index ?? 0, label).map((form) => host.form(form))}</section>`;
}

function show({ approvals, more }: WaitingApprovals, _: unknown, host: Host): Content {
  if (approvals.length === 0 && !more) return html`<p>Nothing waits for an answer.</p>`;
  const count = approvals.length === 1 ? "1 step waits" : `${approvals.length} steps wait`;
  return [
    html`<p>${count} for an answer, soonest deadline first. The first answer counts.</p>`,
    more && html`<p>More wait; the first ${approvals.length} are shown.</p>`,
    approvals.map((approval) => panel(approval, host)),
  ];
}

/** Everything that waits for a person, in all runs, with forms to approve and to reject. */
export const approvalsPage = page<RequestOf<"approvals">, WaitingApprovals>({
  title: () => "Approvals",
  read: ({ engine }) => readApprovals(engine),
  show,
  command: () => ["approvals"],
});
