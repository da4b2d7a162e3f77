import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { Tracer } from "@aws-lambda-powertools/tracer";
import type { Log } from "../ports/log.ts";
import { type Meter, type MeterName, meterDimensions } from "../ports/meter.ts";

/** Powertools, built once per worker. */
export const logger = new Logger();
export const metrics = new Metrics();
/**
 * AWS clients are traced one by one. Other requests are not traced: a trace would hold their addresses, and the
 * addresses of webhooks are secrets.
 */
export const tracer = new Tracer({ captureHTTPsRequests: false });

/** The engine's log lines. */
export const log: Log = {
  debug: (message, fields = {}) => logger.debug(message, { ...fields }),
  info: (message, fields = {}) => logger.info(message, { ...fields }),
  warn: (message, fields = {}) => logger.warn(message, { ...fields }),
  error: (message, fields = {}) => logger.error(message, { ...fields }),
};

/** Writes one line of embedded metric format (EMF), with all of the metric's sets of dimensions. */
function write(
  name: MeterName,
  unit: (typeof MetricUnit)[keyof typeof MetricUnit],
  value: number,
  dimensions: Readonly<Record<string, string>>,
): void {
  const [own, ...others] = meterDimensions[name];
  const valuesOf = (set: readonly string[]) =>
    Object.fromEntries(Object.entries(dimensions).filter(([dimension]) => set.includes(dimension)));
  const metric = metrics.singleMetric();
  for (const [dimension, each] of Object.entries(valuesOf(own))) metric.addDimension(dimension, each);
  for (const set of others) metric.addDimensions(valuesOf(set));
  metric.addMetric(name, unit, value);
}

/** The engine's figures as CloudWatch metrics, one line for each figure. */
export const meter: Meter = {
  count: (name, dimensions) => write(name, MetricUnit.Count, 1, dimensions),
  duration: (name, milliseconds, dimensions) =>
    write(name, MetricUnit.Milliseconds, milliseconds, dimensions),
};
