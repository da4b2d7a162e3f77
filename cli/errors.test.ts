import { CliError, errorLine } from "./errors.ts";

function named(name: string, message: string): Error {
  return Object.assign(new Error(message), { name });
}

test("an error of ours is its message, and no stack", () => {
  expect(errorLine(new CliError("--limit is 0"), "local")).toBe("--limit is 0");
});

test("an error of AWS says what to do on that stage", () => {
  const missing = named("ResourceNotFoundException", "Requested resource not found");
  expect(errorLine(missing, "local")).toContain("npm run stack");
  expect(errorLine(missing, "prod")).toContain("npx sls deploy --stage prod");
  expect(errorLine(named("CredentialsProviderError", ""), "prod")).toContain("AWS_PROFILE");
});

test("a region that is none, or no network, is told as such", () => {
  const error = Object.assign(new Error("getaddrinfo ENOTFOUND sts.eu-west-9.amazonaws.com"), {
    code: "ENOTFOUND",
  });
  expect(errorLine(error, "prod")).toContain("AWS cannot be reached from here; look at the network");
});

test("a download that broke off is told as such", () => {
  const error = Object.assign(new Error("aborted"), { code: "ECONNRESET" });
  expect(errorLine(error, "local")).toBe("the connection broke; run the command again");
});

test("an error that nobody foresaw is one line, and says how to see more", () => {
  expect(errorLine(new TypeError("x is not a function"), "local")).toBe(
    "TypeError: x is not a function (--verbose shows where)",
  );
});
