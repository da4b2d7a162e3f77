import { EnvironmentError, readEnvironment } from "./env.ts";

const complete = {
  SERVICE: "millrace",
  STAGE: "dev",
  TABLE_NAME: "millrace-dev",
  DATA_BUCKET: "millrace-dev-data",
  STEPS_QUEUE_URL: "https://sqs.us-east-1.amazonaws.com/0/millrace-dev-steps",
};

describe("the environment", () => {
  test("has the time zone UTC by default", () => {
    expect(readEnvironment(complete)).toMatchObject({ STAGE: "dev", TIMEZONE: "UTC" });
  });

  test("with an unknown time zone is refused by its name", () => {
    const read = () => readEnvironment({ ...complete, TIMEZONE: "Europe/Atlantis" });
    expect(read).toThrow(EnvironmentError);
    expect(read).toThrow(/TIMEZONE: is no time zone/);
  });

  test("says whether the stage has GPUs, which is true by default", () => {
    expect(readEnvironment(complete).GPUS).toBe(true);
    expect(readEnvironment({ ...complete, GPUS: "false" }).GPUS).toBe(false);
    expect(() => readEnvironment({ ...complete, GPUS: "few" })).toThrow(/GPUS: /);
  });

  test("says which of the step workers the function is, the small one by default", () => {
    expect(readEnvironment(complete).WORKER_SIZE).toBe("small");
    expect(readEnvironment({ ...complete, WORKER_SIZE: "large" }).WORKER_SIZE).toBe("large");
    expect(() => readEnvironment({ ...complete, WORKER_SIZE: "huge" })).toThrow(/WORKER_SIZE: /);
  });

  test("sets how long a job may wait in RUNNABLE, an hour by default", () => {
    expect(readEnvironment(complete).RUNNABLE_SECONDS).toBe(3600);
    expect(readEnvironment({ ...complete, RUNNABLE_SECONDS: "600" }).RUNNABLE_SECONDS).toBe(600);
    expect(() => readEnvironment({ ...complete, RUNNABLE_SECONDS: "0" })).toThrow(/RUNNABLE_SECONDS: /);
  });

  test("without a required variable is refused with its name", () => {
    const { TABLE_NAME: _table, ...rest } = complete;
    expect(() => readEnvironment(rest)).toThrow(/TABLE_NAME/);
  });
});
