/**
 * Every metric with its dimensions besides the service, which names the stage. A second set is a second metric: alarms
 * can't search, so they need figures over all pipelines. Each value of a dimension is a metric that AWS bills by the
 * month, so no set has a run, a step or an index.
 */
export const meterDimensions = {
  RunStarted: [["pipeline"]],
  RunNotStarted: [["pipeline"]],
  RunEnded: [["pipeline", "state"], ["state"]],
  RunDuration: [["pipeline"]],
  StepEnded: [["pipeline", "state"]],
  StepDuration: [["pipeline"]],
  StepRetried: [["pipeline"]],
  StepsRedriven: [["pipeline"]],
  /** A tick that left due runs to the next one. */
  SweepBehind: [[]],
} as const satisfies Record<string, readonly (readonly ("pipeline" | "state")[])[]>;

export type MeterName = keyof typeof meterDimensions;

/** The dimensions that a metric is counted by, with their values. */
export type DimensionsOf<N extends MeterName> = Readonly<
  Record<(typeof meterDimensions)[N][number][number], string>
>;

/** The engine's metrics. On Lambda, Powertools writes them to the log as EMF, which CloudWatch reads. */
export type Meter = {
  count<N extends MeterName>(name: N, dimensions: DimensionsOf<N>): void;
  duration<N extends MeterName>(name: N, milliseconds: number, dimensions: DimensionsOf<N>): void;
};

/** Counts nothing. */
export const silentMeter: Meter = { count() {}, duration() {} };
