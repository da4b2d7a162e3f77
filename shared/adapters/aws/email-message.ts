import { headline } from "../../notice/run-notice.ts";
import { errorText } from "../../pipeline/millrace-error.ts";
import type { RunNotice } from "../../ports/notifier.ts";

/**
 * Maximum number of characters of a subject: SNS takes fewer than 100, of ASCII, without line breaks (SNS API,
 * Publish).
 */
const maxSubject = 99;

/** Characters that SNS doesn't accept in a subject become question marks. */
const asSubject = (text: string) => text.replace(/[^\x20-\x7e]/gu, "?").slice(0, maxSubject);

/** A notice as a plain-text e-mail. */
export function emailMessage(notice: RunNotice): { subject: string; body: string } {
  const { pipeline, stage, run, state, scheduledAt, startedAt, endedAt, reason, error, failedSteps } = notice;
  const { look, retry } = notice.commands;
  const lines = [
    `Pipeline:   ${pipeline}`,
    `Stage:      ${stage}`,
    `Run:        ${run.name} (${run.id})`,
    `State:      ${state}`,
    `Scheduled:  ${scheduledAt}`,
    `Began:      ${startedAt}`,
    `Ended:      ${endedAt}`,
    ...(reason === undefined ? [] : [`Why:        ${reason}`]),
    ...(failedSteps.length === 0 ? [] : [`Failed:     ${failedSteps.join(", ")}`]),
    ...(error === undefined ? [] : ["", `Step ${error.step}:`, errorText(error)]),
    ...(error?.log === undefined ? [] : [`Log: ${error.logUrl ?? error.log}`]),
    "",
    "Look at it:",
    `  ${look}`,
    ...(retry === undefined ? [] : ["Do again what did not succeed:", `  ${retry}`]),
  ];
  return { subject: asSubject(headline(notice)), body: `${lines.join("\n")}\n` };
}
