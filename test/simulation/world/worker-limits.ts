import type { TaskKind } from "./task.ts";

/** How many milliseconds a worker may take before it's killed: the timeouts of serverless.yml. */
export const lifetimes: Readonly<Record<TaskKind, number>> = {
  message: 120_000,
  event: 30_000,
  tick: 55_000,
  start: 30_000,
  person: 30_000,
  "dead letter": 30_000,
  watch: 12_000,
  job: Number.POSITIVE_INFINITY,
};

/** How many times more likely a call meets a fault. Calls that can't be repeated are rare, and matter most. */
export const dangerous: Readonly<Record<string, number>> = {
  submit: 8,
  invoke: 8,
  joinRun: 3,
  joinTally: 3,
  admitRun: 8,
};
