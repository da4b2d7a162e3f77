import { CliError, errorLine } from "./errors.ts";

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

test("an error of Millrace prints its message without a stack", () => {
  expect(errorLine(new CliError("--limit is 0"), "local")).toBe("--limit is 0");
});

test("an AWS error says what to do on that stage", () => {
  const missing = named("ResourceNotFoundException", "Requested resource not found");
  expect(errorLine(missing, "local")).toContain("npm run stack");
  expect(errorLine(missing, "prod")).toContain("npx sls deploy --stage prod");
  expect(errorLine(named("CredentialsProviderError", ""), "prod")).toContain("AWS_PROFILE");
});

test("an unknown region and a missing network are named as the cause", () => {
  const error = Object.assign(new Error("getaddrinfo ENOTFOUND sts.eu-west-9.amazonaws.com"), {
    code: "ENOTFOUND",
  });
  expect(errorLine(error, "prod")).toContain("AWS cannot be reached from here; look at the network");
});

test("an interrupted download is named as the cause", () => {
  const error = Object.assign(new Error("aborted"), { code: "ECONNRESET" });
  expect(errorLine(error, "local")).toBe("the connection broke; run the command again");
});

test("an unexpected error is one line that says how to see more", () => {
  expect(errorLine(new TypeError("x is not a function"), "local")).toBe(
    "TypeError: x is not a function (--verbose shows where)",
  );
});
