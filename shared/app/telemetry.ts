import { Logger } from "@aws-lambda-powertools/logger";
import { Metrics, MetricUnit } from "@aws-lambda-powertools/metrics";
import { Tracer } from "@aws-lambda-powertools/tracer";
import type { Log } from "../ports/log.ts";
import type { Meter } from "../ports/meter.ts";

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

/** The engine's figures as CloudWatch metrics, one line of embedded metric format (EMF) for each set of dimensions. */
export const meter: Meter = {
  count(name, dimensions) {
    const metric = metrics.singleMetric();
    for (const [dimension, value] of Object.entries(dimensions)) metric.addDimension(dimension, value);
    metric.addMetric(name, MetricUnit.Count, 1);
  },
  duration(name, milliseconds, dimensions) {
    const metric = metrics.singleMetric();
    for (const [dimension, value] of Object.entries(dimensions)) metric.addDimension(dimension, value);
    metric.addMetric(name, MetricUnit.Milliseconds, milliseconds);
  },
};
