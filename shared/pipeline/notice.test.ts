import * as z from "zod";
import { definePipeline, email, lambda, type Notice, notice, slack, webhook } from "./index.ts";

const define = (...notices: Notice[]) =>
  definePipeline({ name: "telling", params: z.strictObject({}), notices }, ({ step }) =>
    step(
      "a",
      lambda({}, () => 1),
    ),
  );

/** The message of the error that a definition fails with. */
function refusal(...notices: Notice[]): string {
  try {
    define(...notices);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

describe("notices of a pipeline", () => {
  test("are data in its graph, each with a name, and sent for failures by default", () => {
    const { graph } = define(
      notice({ to: slack() }),
      notice({ to: slack({ secret: "slack-ml" }), stages: ["prod"] }),
      notice({ on: ["SUCCEEDED"], to: email() }),
      notice({ to: webhook({ url: "https://example.com/hook" }) }),
    );
    expect(graph.notices).toEqual([
      { name: "slack", on: ["FAILED", "TIMED_OUT"], to: { kind: "slack", at: { secret: "slack-webhook" } } },
      {
        name: "slack-2",
        on: ["FAILED", "TIMED_OUT"],
        stages: ["prod"],
        to: { kind: "slack", at: { secret: "slack-ml" } },
      },
      { name: "email", on: ["SUCCEEDED"], to: { kind: "email" } },
      {
        name: "webhook",
        on: ["FAILED", "TIMED_OUT"],
        to: { kind: "webhook", at: { url: "https://example.com/hook" } },
      },
    ]);
  });

  test("are absent from the graph of a pipeline without any", () => {
    expect(define().graph).not.toHaveProperty("notices");
  });

  test.each([
    ["not-a-url", "is no URL"],
    ["http://example.com/hook", "is not https://"],
    ["ftp://example.com/hook", "is not https://"],
    ["http://127.0.0.1.example.com/hook", "is not https://"],
    ["https://user:secret@example.com/", "has a user or password in it"],
    ["https://hooks.slack.com/services/T0/B0/x", "take slack()"],
  ])("refuse the address %s", (url, problem) => {
    const message = refusal(notice({ to: webhook({ url }) }));
    expect(message).toContain("notices.0.to.url");
    expect(message).toContain(problem);
    expect(message).not.toContain("secret@");
  });

  test.each(["https://example.com/hook", "http://localhost:3000/", "http://127.0.0.1/", "http://[::1]:1/"])(
    "accept the address %s",
    (url) => {
      expect(refusal(notice({ to: webhook({ url }) }))).toBe("");
    },
  );

  test.each(["", "/millrace/prod/slack", "https://hooks.slack.com/services/T0/B0/x"])(
    "refuse %p as the name of a secret",
    (secret) => {
      expect(refusal(notice({ to: slack({ secret }) }))).toContain("the parameter's name within its stage");
    },
  );

  test("refuse an empty list of ends or stages", () => {
    expect(refusal(notice({ on: [], to: email() }))).toContain("notices.0");
    expect(refusal(notice({ stages: [], to: email() }))).toContain("notices.0");
  });

  test("refuse two notices to the same receiver", () => {
    const twice = refusal(notice({ to: email() }), notice({ on: ["SUCCEEDED", "FAILED"], to: email() }));
    expect(twice).toContain("notices.1: tells of FAILED whom notices.0 tells already");
    const inProd = notice({ stages: ["prod"], to: email() });
    expect(refusal(inProd, notice({ to: email() }))).toContain("tells already");
    expect(refusal(inProd, notice({ stages: ["dev", "prod"], to: email() }))).toContain("tells already");
    expect(refusal(inProd, notice({ stages: ["dev"], to: email() }))).toBe("");
    expect(refusal(inProd, notice({ on: ["SUCCEEDED"], to: email() }))).toBe("");
    expect(refusal(inProd, notice({ to: slack() }))).toBe("");
  });
});
