import { channel } from "node:diagnostics_channel";

describe("tracing on Lambda", () => {
  const environment = process.env;
  beforeEach(() => {
    process.env = {
      ...environment,
      AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
      AWS_XRAY_CONTEXT_MISSING: "IGNORE_ERROR",
    };
  });
  afterEach(() => {
    process.env = environment;
  });

  test("doesn't record addresses of requests to others, because a webhook's address is a secret", async () => {
    const { tracer } = await import("./telemetry.ts");
    expect(tracer.isTracingEnabled()).toBe(true);
    expect(channel("undici:request:create").hasSubscribers).toBe(false);
  });
});
