import type { ComputeEnvironmentDetail } from "@aws-sdk/client-batch";
import { doctorScreen } from "../commands/doctor.ts";
import { clockFinding } from "./account.ts";
import { familyFinding, queueFinding, quotaFinding } from "./batch.ts";
import { deadLetterFinding } from "./data.ts";
import { stackFinding, versionFinding } from "./deployment.ts";
import { findingOf, findings, ok } from "./finding.ts";
import { subscriptionFindings } from "./notices.ts";
import { scheduleFindings } from "./schedules.ts";

test.each([
  [0, "ok", "agrees"],
  [-29_000, "ok", "agrees"],
  [45_000, "warn", "45 s ahead of"],
  [-400_000, "fail", "400 s behind"],
])("a clock that is %d ms ahead is %s", (milliseconds, status, says) => {
  expect(clockFinding(milliseconds)).toMatchObject({ status, says: expect.stringContaining(says) });
});

test.each([
  ["CREATE_COMPLETE", "ok", undefined],
  ["UPDATE_COMPLETE", "ok", undefined],
  ["UPDATE_IN_PROGRESS", "warn", "wait"],
  ["UPDATE_ROLLBACK_COMPLETE", "warn", "deploy again: DEPLOY"],
  ["ROLLBACK_COMPLETE", "fail", "describe-stack-events"],
  ["DELETE_FAILED", "fail", "describe-stack-events"],
])("a stack that is %s is %s", (state, status, remedy) => {
  const found = stackFinding("millrace-dev", state, "because", "DEPLOY");
  expect(found).toMatchObject({ status, says: expect.stringContaining("because") });
  if (remedy !== undefined) expect(found.remedy).toContain(remedy);
});

describe("what is deployed", () => {
  const commit = "a".repeat(40);
  const version = { commit, jobs: { ridge: "1", ctr: "2" } };

  test("passes if the deployed commit is the checked-out one", () => {
    expect(versionFinding(version, version, "DEPLOY").status).toBe("ok");
  });

  test.each([
    [{ commit: "b".repeat(40), jobs: version.jobs }, "commit aaaaaaaaaa, not bbbbbbbbbb"],
    [{ commit, jobs: { ridge: "1", ctr: "3", taxi: "4" } }, "other jobs of ctr, taxi"],
  ])("is reported if it is another version", (here, says) => {
    expect(versionFinding(version, here, "DEPLOY")).toMatchObject({
      ...{ status: "warn", says: expect.stringContaining(says), remedy: "deploy: DEPLOY" },
    });
  });

  test("may be older than changes that are not committed", () => {
    const dirty = { ...version, commit: `${commit}-dirty` };
    expect(versionFinding(dirty, dirty, "DEPLOY").status).toBe("warn");
  });
});

test("dead letters are reported with a remedy for their queue", () => {
  expect(deadLetterFinding("millrace-dev-triggers-dead-letters", 0, "arn")).toBeUndefined();
  expect(deadLetterFinding("millrace-dev-triggers-dead-letters", 1, "arn:x")).toMatchObject({
    ...{ status: "warn", says: expect.stringContaining("1 message that") },
    remedy: expect.stringContaining("start-message-move-task --source-arn arn:x"),
  });
  expect(deadLetterFinding("millrace-dev-steps-dead-letters", 2, "arn")?.remedy).toContain(
    "/aws/lambda/millrace-dev-dead-letter`",
  );
});

describe("jobs of a family", () => {
  const commands = { images: "IMAGES", deploy: "DEPLOY" };
  const definition = "1.dkr.ecr/millrace/ridge@sha256:1";

  test.each([
    ["with definition and image", { definition, digest: "sha256:1" }, true, "ok"],
    ["without definition", { digest: "sha256:1" }, true, "fail"],
    ["whose image is not in the registry", { definition }, true, "fail"],
    ["whose definition names another image", { definition, digest: "sha256:2" }, true, "warn"],
    ["on the local stack, which has no images", { definition: "local" }, false, "ok"],
  ])("%s", (_, facts, onAws, status) => {
    const found = familyFinding({ family: "ridge", ...facts }, onAws, commands);
    expect(found.status).toBe(status);
    if (status !== "ok") expect(found.remedy).toContain("DEPLOY");
  });
});

describe("a queue of jobs", () => {
  const good = { state: "ENABLED", status: "VALID" } as const;
  const machines: ComputeEnvironmentDetail = {
    computeEnvironmentName: "spot",
    ...good,
  } as ComputeEnvironmentDetail;

  test.each([
    ["that is enabled, with machines", good, [machines], "ok", "takes jobs"],
    ["that is missing", undefined, [], "fail", "does not exist"],
    ["that is disabled", { ...good, state: "DISABLED" as const }, [machines], "fail", "DISABLED"],
    [
      "that is not valid",
      { ...good, status: "INVALID" as const, statusReason: "why" },
      [machines],
      "fail",
      "INVALID: why",
    ],
    [
      "whose machines are not valid",
      good,
      [machines, { ...machines, status: "INVALID" as const, statusReason: "no role" }],
      "fail",
      "spot is ENABLED, INVALID: no role",
    ],
  ])("%s", (_, queue, environments, status, says) => {
    expect(queueFinding("cpu", queue, environments)).toMatchObject({
      status,
      says: expect.stringContaining(says),
    });
  });
});

test.each([
  [64, true, "ok"],
  [32, true, "warn"],
  [0, false, "warn"],
  [0, true, "fail"],
])("a quota of %d vCPUs where 64 are wanted (used: %s) is %s", (quota, needed, status) => {
  const found = quotaFinding({ code: "L-1", what: "vCPUs" }, quota, 64, { needed, region: "eu-west-1" });
  expect(found.status).toBe(status);
  if (status !== "ok")
    expect(found.remedy).toContain("--quota-code L-1 --desired-value 64 --region eu-west-1");
});

describe("schedules", () => {
  const now = Date.parse("2021-10-04T16:21:00Z");
  const schedule = { pipeline: "p", name: "cron", rule: "", active: true, nextAt: "2021-10-04T16:10:00Z" };

  test("that are on and long overdue are reported as stuck", () => {
    expect(scheduleFindings([schedule], "dev", now)).toMatchObject([
      {
        status: "fail",
        says: "p/cron was due 11 min ago and did not start",
        remedy: expect.stringContaining("dev-tick"),
      },
    ]);
  });

  test.each([
    { ...schedule, active: false },
    { ...schedule, nextAt: "2021-10-04T16:20:00Z" },
  ])("that are off, or due just now, are not reported", (each) => {
    expect(scheduleFindings([each], "dev", now)).toMatchObject([{ status: "ok" }]);
  });
});

test.each([
  [[], [], ["ok"]],
  [["p"], [], ["warn"]],
  [["p"], [{ arn: "arn:aws:sns:1", endpoint: "a@b" }], ["ok"]],
  [["p"], [{ arn: "PendingConfirmation", endpoint: "a@b" }], ["warn", "warn"]],
  [[], [{ arn: "PendingConfirmation", endpoint: "a@b" }], ["warn"]],
])("notices by e-mail of %j with subscriptions %j are checked", (mailers, subscriptions, statuses) => {
  expect(subscriptionFindings("arn:t", mailers, subscriptions).map(({ status }) => status)).toEqual(statuses);
});

describe("a check that cannot read the stage", () => {
  const thrown = (name: string, message: string) => Object.assign(new Error(message), { name });

  test("for lack of permission names the permission, and doesn't fail the stage", () => {
    const error = thrown(
      "AccessDeniedException",
      "User: arn:x is not authorized to perform: ecr:DescribeImages on y",
    );
    expect(findingOf("jobs", error, "dev")).toEqual({
      ...{
        check: "jobs",
        status: "warn",
        says: "not looked at: these credentials may not ecr:DescribeImages",
      },
      remedy: "allow ecr:DescribeImages, or look with other credentials",
    });
  });

  test("for lack of credentials says how to configure them", () => {
    expect(findingOf("credentials", thrown("CredentialsProviderError", ""), "dev")).toMatchObject({
      ...{
        status: "fail",
        says: 'there are no AWS credentials for stage "dev"',
        remedy: expect.stringContaining("aws sso login"),
      },
    });
  });

  test("doesn't prevent the other checks", async () => {
    const found = await findings("dev", {
      first: () => Promise.reject(new Error("broken")),
      second: async () => [ok("second", "well")],
    });
    expect(found.map(({ check, status }) => [check, status])).toEqual([
      ["first", "fail"],
      ["second", "ok"],
    ]);
  });
});

test("a finding is one line with its remedy below, within the terminal's width", () => {
  const screen = doctorScreen(
    [ok("clock", "agrees"), { check: "jobs", status: "fail", says: "word ".repeat(20), remedy: "do it" }],
    60,
  );
  expect(screen.split("\n").at(0)).toBe("✓ ok    clock  agrees");
  expect(screen).toContain("→ do it\n\n1 ok, 0 to look at, 1 failed");
  expect(Math.max(...screen.split("\n").map((line) => line.length))).toBeLessThanOrEqual(60);
});
