import { MillraceError } from "../shared/pipeline/millrace-error.ts";
import { AnsweredError, errorReport, exitCodeOf, UsageError } from "./errors.ts";

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

const codeIn = (error: unknown, stage: string) => /^error\[(\w+)\]: /.exec(errorReport(error, stage))?.[1];

test("an error is shown with its code, what is wrong, what to do and where to read more", () => {
  expect(errorReport(new MillraceError("RUN_NOT_FOUND", 'there is no run "x"'), "local")).toBe(
    [
      'error[RUN_NOT_FOUND]: there is no run "x"',
      "  → Use a run's full id: `npx millrace runs` lists them.",
      "  docs/errors.md#run_not_found",
    ].join("\n"),
  );
});

test("the error of a deployed function is shown as it is, even if its code is unknown here", () => {
  const newer = new AnsweredError({ code: "NEWER_CODE", message: "no", remedy: "Do this." });
  expect(errorReport(newer, "prod")).toBe("error[NEWER_CODE]: no\n  → Do this.\n  docs/errors.md#newer_code");
});

test("a command that was typed wrong ends with 2, any other error with 1", () => {
  expect(exitCodeOf(new UsageError("--limit is 0"))).toBe(2);
  expect(exitCodeOf(new MillraceError("RUN_NOT_FOUND", ""))).toBe(1);
});

test("an AWS error says what to do on that stage", () => {
  const missing = named("ResourceNotFoundException", "Requested resource not found");
  expect(errorReport(missing, "local")).toContain("npm run stack");
  expect(errorReport(missing, "prod")).toContain("npx sls deploy --stage prod");
  expect(errorReport(named("CredentialsProviderError", ""), "prod")).toContain("AWS_PROFILE");
  expect(codeIn(named("ExpiredTokenException", ""), "prod")).toBe("AWS_CREDENTIALS_REFUSED");
  expect(codeIn(named("AccessDeniedException", ""), "prod")).toBe("AWS_ACCESS_DENIED");
});

test.each([
  ["ENOTFOUND", "prod", "AWS_UNREACHABLE"],
  ["ECONNREFUSED", "prod", "AWS_UNREACHABLE"],
  ["ECONNREFUSED", "local", "LOCAL_STACK_NOT_RUNNING"],
  ["ECONNRESET", "local", "CONNECTION_LOST"],
])("a network error %s on stage %s has the code %s", (code, stage, expected) => {
  expect(codeIn(Object.assign(new Error(code), { code }), stage)).toBe(expected);
});

test("an unexpected error is named, and says how to see more", () => {
  expect(errorReport(new TypeError("x is not a function"), "local")).toMatch(
    /^error\[UNEXPECTED\]: TypeError: x is not a function\n {2}→ .*--verbose/,
  );
});
