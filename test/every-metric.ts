/** Writes each of the engine's metrics once, as the functions do. It must be started with their environment. */
import { meter } from "../shared/app/telemetry.ts";
import { type MeterName, meterDimensions } from "../shared/ports/meter.ts";

const values = { pipeline: "ridge-sweep", state: "SUCCEEDED" };
for (const name of Object.keys(meterDimensions) as MeterName[]) {
  if (name.endsWith("Duration")) meter.duration(name, 1, values);
  else meter.count(name, values);
}
