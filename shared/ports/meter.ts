/** Counts what operators look at. On Lambda, Powertools' Metrics implements it. */
export type Meter = {
  count(name: MeterName, dimensions: Readonly<Record<string, string>>): void;
  duration(name: MeterName, milliseconds: number, dimensions: Readonly<Record<string, string>>): void;
};

export type MeterName =
  | "RunStarted"
  | "RunNotStarted"
  | "RunEnded"
  | "RunDuration"
  | "StepEnded"
  | "StepDuration"
  | "StepRetried"
  | "StepsRedriven";

/** Counts nothing. */
export const silentMeter: Meter = { count() {}, duration() {} };
