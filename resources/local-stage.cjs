"use strict";

const { readFileSync } = require("node:fs");
const { join } = require("node:path");

/**
 * Points every command on stage `local` at the running local stack, so that `npx sls invoke -f start -s local` works
 * without further settings, and so that this stage never reaches an account. An endpoint that is already set is kept.
 */
class LocalStage {
  constructor(serverless, { stage } = {}) {
    this.serverless = serverless;
    const isLocal = (stage ?? serverless.service.provider.stage) === "local";
    const [command] = serverless.processedInput.commands;
    if (!isLocal || command === "package" || process.env.AWS_ENDPOINT_URL) return;
    const { aws, batch } = this.ports();
    Object.assign(process.env, {
      AWS_ENDPOINT_URL: `http://127.0.0.1:${aws}`,
      AWS_ENDPOINT_URL_BATCH: `http://127.0.0.1:${batch}`,
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
    });
    delete process.env.AWS_PROFILE;
    delete process.env.AWS_SESSION_TOKEN;
  }

  ports() {
    const folder = process.env.MILLRACE_STACK ?? join(__dirname, "..", ".stack");
    try {
      const { ports, pids } = JSON.parse(readFileSync(join(folder, "stack.json"), "utf8"));
      if (pids !== undefined) return ports;
    } catch {
      // There is no record: no stack was ever started here.
    }
    throw new this.serverless.classes.Error(
      "No local stack runs. Start one in another terminal: npm run stack",
      "LOCAL_STACK_NOT_RUNNING",
    );
  }
}

module.exports = LocalStage;
