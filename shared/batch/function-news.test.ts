import { functionNews } from "./function-news.ts";
import { jobFailure } from "./job-failure.ts";

const call = {
  ...{ id: "function-x:1", name: "x", family: "ridge", arrayIndex: 1, memory: 512, timeout: 60 },
  ...{ command: ["python"], stops: [], environment: { MILLRACE_STEP: "fit" } },
};

function recordOf(condition: string, responsePayload: unknown, functionError?: string) {
  const responseContext = functionError === undefined ? {} : { functionError };
  return { requestContext: { condition }, requestPayload: call, responseContext, responsePayload };
}

describe("a record of a function's destination", () => {
  test("of a success says that the job succeeded, and when", () => {
    const returned = { exitCode: 0, startedAt: "2021-01-01T00:00:00Z", endedAt: "2021-01-01T00:00:02Z" };
    expect(functionNews(recordOf("Success", returned))).toEqual({
      ...{ id: "function-x:1", name: "x", arrayIndex: 1, environment: { MILLRACE_STEP: "fit" } },
      ...{ state: "SUCCEEDED", exitCode: 0 },
      ...{ startedAt: Date.parse(returned.startedAt), stoppedAt: Date.parse(returned.endedAt) },
    });
  });

  test("of a copy says nothing about the job", () => {
    expect(functionNews(recordOf("Success", { copy: true }))).toBeUndefined();
  });

  test.each([
    ["Sandbox.Timedout", "RequestId: 1 Error: Task timed out after 60.00 seconds", "TIMEOUT"],
    ["Runtime.ExitError", "RequestId: 1 Error: Runtime exited with error: signal: killed", "OUT_OF_MEMORY"],
    ["Runtime.OutOfMemory", "RequestId: 1 Error: Runtime exited", "OUT_OF_MEMORY"],
    ["Runtime.ExitError", "RequestId: 1 Error: Runtime exited with error: exit status 1", "JOB_LOST"],
    ["Runtime.ImportModuleError", "Unable to import module 'ridge': No module named 'numpy'", "JOB_FAILED"],
  ])("that ended with %s: %s has the code %s", (errorType, errorMessage, code) => {
    const news = functionNews(recordOf("RetriesExhausted", { errorType, errorMessage }, "Unhandled"));
    expect(news).toMatchObject({ state: "FAILED" });
    expect(news && jobFailure(news, undefined).error.code).toBe(code);
  });

  test("of a call that Lambda never made counts as a lack of machines", () => {
    const news = functionNews({ requestContext: { condition: "EventAgeExceeded" }, requestPayload: call });
    expect(news && jobFailure(news, undefined)).toMatchObject({ lostTo: "capacity" });
  });

  test("that isn't about a job is refused", () => {
    expect(() => functionNews({ requestContext: { condition: "Success" }, requestPayload: {} })).toThrow();
  });
});
