/** The engine's metrics. On Lambda, Powertools writes them to the log as EMF, which CloudWatch reads. */
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
  | "StepsRedriven"
  /** A tick that left due runs to the next one. */
  | "SweepBehind";

/** Counts nothing. */
export const silentMeter: Meter = { count() {}, duration() {} };
