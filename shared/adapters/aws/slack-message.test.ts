import { aNotice } from "../../../test/factories.ts";
import { logUrl } from "../../notice/log-url.ts";
import { emailMessage } from "./email-message.ts";
import { slackMessage } from "./slack-message.ts";

/** Every text in a message. */
function textsOf(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value !== "object" || value === null) return [];
  return Object.values(value).flatMap(textsOf);
}

const error = (message: string, step = "train") => ({ step, name: "ValueError", message });

describe("a Slack message", () => {
  test("shows pipeline, stage, run, step, error, and the command to type", () => {
    const { text, blocks } = slackMessage(aNotice());
    expect(text).toBe("ridge-sweep failed in prod, step train_model[3]");
    expect(blocks[0]).toMatchObject({ type: "header", text: { text: ":x: ridge-sweep failed in prod" } });
    const all = textsOf(blocks).join("\n");
    for (const part of [
      "ridge-sweep-2021-10-04",
      "20211004T162100Z-4k7q2m9xt6bw",
      "`train_model[3]`",
      "ValueError: y has 3 NaN",
      "npx millrace run 20211004T162100Z-4k7q2m9xt6bw --stage prod",
      "npx millrace retry 20211004T162100Z-4k7q2m9xt6bw --stage prod",
    ]) {
      expect(all).toContain(part);
    }
  });

  test("about a success has no step and no command to retry", () => {
    const { error: _error, ...facts } = aNotice({
      state: "SUCCEEDED",
      failedSteps: [],
      commands: { look: "look" },
    });
    const all = textsOf(slackMessage(facts)).join("\n");
    expect(all).toContain("succeeded in prod");
    expect(all).not.toMatch(/retry|Step/);
  });

  test("names the other failed steps, and why a run was stopped", () => {
    const failedSteps = ["train_model", "score", "report"];
    const all = textsOf(slackMessage(aNotice({ failedSteps, reason: "took longer than 60 s" }))).join("\n");
    expect(all).toContain("*Failed as well* score, report");
    expect(all).toContain("took longer than 60 s");
  });

  test("escapes markup", () => {
    const all = textsOf(
      slackMessage(aNotice({ error: error("<!channel> & `x` ``` <https://evil|here>", "a<b") })),
    );
    const text = all.join("\n");
    expect(text).toContain("&lt;!channel&gt; &amp; 'x' ''' &lt;https://evil|here&gt;");
    expect(text).not.toMatch(/<!|<https:\/\/evil/);
    expect(text).toContain("`a&lt;b`");
  });

  test.each([
    ["long", "x".repeat(20_000)],
    ["of characters that are escaped", "&<>".repeat(5000)],
    ["of characters that take two code units", "🚂".repeat(5000)],
  ])("stays within Slack's limits with texts %s", (_name, long) => {
    const notice = aNotice({
      run: { id: long, name: long },
      error: { ...error(long, long), log: long, logUrl: "https://example.com" },
      reason: long,
      failedSteps: Array.from({ length: 20 }, () => long),
      commands: { look: long, retry: long },
    });
    const { text, blocks } = slackMessage(notice);
    expect(text.length).toBeLessThanOrEqual(3000);
    expect(blocks.length).toBeLessThanOrEqual(50);
    for (const block of blocks) {
      for (const each of textsOf(block)) {
        expect(each.length).toBeLessThanOrEqual("fields" in block ? 2000 : 3000);
        expect(each.isWellFormed()).toBe(true);
        expect(each).not.toMatch(/&(?!amp;|lt;|gt;)/);
      }
    }
    expect(textsOf(blocks[0]).every((each) => each.length <= 150)).toBe(true);
  });

  test("links to the log, and says how often the run was retried", () => {
    const url = "https://eu-west-1.console.aws.amazon.com/cloudwatch";
    const all = textsOf(slackMessage(aNotice({ epoch: 3, error: { ...error("x"), logUrl: url } }))).join(
      "\n",
    );
    expect(all).toContain(`<${url}|Log of the step>`);
    expect(all).toContain("2 times");
  });
});

describe("an e-mail", () => {
  test("has the same content in plain text", () => {
    const { subject, body } = emailMessage(aNotice());
    expect(subject).toBe("ridge-sweep failed in prod, step train_model[3]");
    expect(body).toContain("Step train_model[3]:\nValueError: y has 3 NaN\n");
    expect(body).toContain("  npx millrace retry 20211004T162100Z-4k7q2m9xt6bw --stage prod\n");
  });

  test("has a subject that SNS accepts, whatever the step's name", () => {
    const { subject } = emailMessage(aNotice({ error: error("x", `Zürich\n${"🚂".repeat(200)}`) }));
    expect(subject).toMatch(/^[\x20-\x7e]{1,99}$/);
  });
});

describe("the console page of a log", () => {
  test("has group and stream in its address, encoded as the console expects", () => {
    expect(logUrl("eu-west-1", "/aws/batch/millrace-prod:ridge/default/01ab")).toBe(
      "https://eu-west-1.console.aws.amazon.com/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Faws$252Fbatch$252Fmillrace-prod/log-events/ridge$252Fdefault$252F01ab",
    );
  });

  test("can be that of a function, whose log stream has brackets", () => {
    expect(logUrl("eu-west-1", "/aws/lambda/millrace-prod-step:2026/11/21/[$LATEST]01ab")).toMatch(
      /\$252Faws\$252Flambda\$252Fmillrace-prod-step\/log-events\/2026\$252F11\$252F21\$252F\$255B\$2524LATEST\$255D01ab$/,
    );
  });

  test("is absent for a file", () => {
    expect(logUrl("eu-west-1", "/tmp/stack/job.log")).toBe(undefined);
  });
});
