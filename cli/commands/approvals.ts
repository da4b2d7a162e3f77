import { Command } from "commander";
import { type WaitingApproval, waitingApprovals } from "../../shared/run/waiting-approvals.ts";
import { stepLabel } from "../../shared/state/step-record.ts";
import { agoText, durationText, wrapped } from "../../shared/wording/units.ts";
import { printJson, targetOfCommand, wholeNumber } from "../options.ts";
import { table } from "../screens/table.ts";

type Options = { pipeline?: string; limit: number; json?: boolean };

/** Characters of a question in a line. */
const messageWidth = 60;

/** What happens at an approval's deadline. */
function deadlineText({ deadline, byDefault }: WaitingApproval, now: number): string {
  const left = Date.parse(deadline) - now;
  const end = byDefault === "approve" ? "approved" : byDefault === "reject" ? "rejected" : "fails";
  return left > 0 ? `${end} in ${durationText(left)}` : `${end} now`;
}

function row(approval: WaitingApproval, now: number): string[] {
  const { runId, step, index, message, since } = approval;
  return [
    runId,
    stepLabel(step, index),
    agoText(now - Date.parse(since)),
    deadlineText(approval, now),
    wrapped(message, messageWidth)[0] ?? "",
  ];
}

/** `approvals`: what waits for a person's yes or no, in all runs. */
export function approvalsCommand(): Command {
  return new Command("approvals")
    .option("-p, --pipeline <name>", "only of this pipeline's runs")
    .option("-n, --limit <count>", "how many are read", wholeNumber("--limit"), 100)
    .option("--json", "as JSON")
    .addHelpText(
      "after",
      "\nExamples:\n  npx millrace approvals --stage prod\n  npx millrace approvals --json | jq -r '.[].message'",
    )
    .action(async ({ pipeline, limit, json }: Options, command: Command) => {
      const { store, stage } = await targetOfCommand(command);
      const { approvals, more } = await waitingApprovals(store, limit, pipeline);
      if (json === true) return printJson(approvals);
      if (approvals.length === 0 && !more)
        return console.log(`nothing waits for an answer on stage "${stage}"`);
      const now = Date.now();
      const [first] = approvals;
      console.log(
        [
          table(
            ["RUN", "STEP", "ASKED", "AT ITS DEADLINE", "QUESTION"],
            approvals.map((each) => row(each, now)),
          ),
          ...(more ? [`and more; --limit ${limit * 10} reads further`] : []),
          ...(first === undefined
            ? []
            : [`answer with: npx millrace approve ${first.runId} ${stepLabel(first.step, first.index)}`]),
        ].join("\n"),
      );
    });
}
