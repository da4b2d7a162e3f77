import { endWords, headline } from "../../notice/run-notice.ts";
import { errorTitle, remedyLines, type ShownError } from "../../pipeline/millrace-error.ts";
import type { RunNotice } from "../../ports/notifier.ts";

// Limits of Block Kit (Slack, "Blocks" reference): 150 characters for a header, 3,000 for a section, 2,000 for a field,
// 50 blocks. Ours are lower where a message would only become unreadable.
const maxHeader = 150;
const maxError = 2500;
const maxField = 500;
const maxList = 1000;

const marks: Readonly<Record<RunNotice["state"], string>> = {
  SUCCEEDED: ":white_check_mark:",
  FAILED: ":x:",
  CANCELLED: ":no_entry_sign:",
  TIMED_OUT: ":hourglass:",
};

const entities: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

/**
 * Escapes a text so that Slack finds no markup in it (`<!channel>` would notify everybody), and cuts it so that no
 * character is split.
 *
 * @param maxLength maximum number of characters of the result
 */
function plain(text: string, maxLength: number): string {
  let result = "";
  for (const character of text) {
    const next = entities[character] ?? character;
    if (result.length + next.length > maxLength - 1) return `${result}…`;
    result += next;
  }
  return result;
}

/** A text in which nothing is markup. Backquotes would end the code block. */
const code = (text: string, maxLength: number) =>
  `\`\`\`${plain(text.replaceAll("`", "'"), maxLength)}\`\`\``;

const section = (text: string) => ({ type: "section", text: { type: "mrkdwn", text, verbatim: true } });

function fieldsOf({ run, pipeline, stage, scheduledAt, epoch }: RunNotice) {
  const fields: [string, string][] = [
    ["Pipeline", pipeline],
    ["Stage", stage],
    ["Run", run.name],
    ["Scheduled for", scheduledAt],
    ...(epoch > 1
      ? [["Retried by hand", epoch === 2 ? "once" : `${epoch - 1} times`] as [string, string]]
      : []),
  ];
  return {
    type: "section",
    fields: fields.map(([name, value]) => ({
      type: "mrkdwn",
      text: `*${name}*\n${plain(value, maxField)}`,
      verbatim: true,
    })),
  };
}

/** What to do, apart from the error, so that a long message doesn't cut it off. */
function remedySection(error: ShownError) {
  const lines = remedyLines(error);
  return lines.length === 0 ? [] : [section(plain(lines.join("\n"), maxList))];
}

function whyOf({ error, reason, failedSteps }: RunNotice) {
  const others = failedSteps.filter((step) => step !== error?.step.replace(/\[\d+\]$/, ""));
  return [
    ...(reason === undefined ? [] : [section(`*Why*\n${plain(reason, maxList)}`)]),
    ...(error === undefined
      ? []
      : [
          section(`*Step* \`${plain(error.step, maxField)}\``),
          section(code(errorTitle(error), maxError)),
          ...remedySection(error),
        ]),
    ...(others.length === 0 ? [] : [section(`*Failed as well* ${plain(others.join(", "), maxList)}`)]),
    ...(error?.logUrl === undefined ? [] : [section(`<${error.logUrl}|Log of the step>`)]),
  ];
}

/**
 * A notice in the form of Slack's incoming webhooks: Block Kit, with a line of text for places without room for blocks.
 */
export function slackMessage(notice: RunNotice) {
  const { look, retry } = notice.commands;
  const title = `${marks[notice.state]} ${notice.pipeline} ${endWords[notice.state]} in ${notice.stage}`;
  return {
    text: plain(headline(notice), maxField),
    blocks: [
      {
        type: "header",
        text: { type: "plain_text", text: [...title].slice(0, maxHeader).join(""), emoji: true },
      },
      fieldsOf(notice),
      ...whyOf(notice),
      section(code(retry === undefined ? look : `${look}\n${retry}`, maxList)),
      {
        type: "context",
        elements: [{ type: "mrkdwn", text: `run ${plain(notice.run.id, maxField)}`, verbatim: true }],
      },
    ],
  };
}
