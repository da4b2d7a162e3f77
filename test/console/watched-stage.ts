import * as z from "zod";
import { cron, definePipeline, lambda } from "../../shared/pipeline/index.ts";
import { runSchedules } from "../../shared/schedule/run-schedules.ts";
import type { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { asks, consoleStage, endpoints, scores } from "./fixtures.ts";
import { Widget } from "./widget.ts";

/** A pipeline with parameters of many types and two schedules. It fails at times whose hour is `failsAt`. */
export const nightly = definePipeline(
  {
    name: "nightly",
    params: z.strictObject({
      region: z.string().default("all"),
      alpha: z.number().positive().default(0.5),
      limit: z.int().optional(),
      mode: z.enum(["fast", "full"]).default("fast"),
      dry: z.boolean().default(false),
      alphas: z.array(z.number()).default([1, 0.1]),
      failsAt: z.int().default(-1),
    }),
    triggers: [
      cron("0 3 * * *"),
      cron("0 * * * *", { name: "hourly", active: false, params: { failsAt: 3 } }),
    ],
  },
  ({ params, run, step }) => {
    step(
      "work",
      lambda({ params, at: run.scheduledAt }, ({ params, at }) => {
        if (new Date(at).getUTCHours() === params.failsAt) throw new TypeError("no data tonight");
        return params.alpha;
      }),
      { retries: 0 },
    );
  },
);

/** A dashboard that shows the console of a stage with schedules. */
export function watchedStage(start = Date.parse("2021-10-04T12:00:00Z")) {
  const stage = consoleStage(start, [nightly, scores, asks]);
  const functions = { "millrace-dev-console": stage.console, "millrace-dev-console-act": stage.act };
  const widget = new Widget(functions, {});
  /** A page as HTML, opened by its request. */
  const show = async (request: Record<string, unknown>) => String(await stage.console(request));
  return { ...stage, widget, show, open: () => widget.refresh(endpoints.console) };
}

/** Lets hours pass, with a tick at the end of each, and everything done that it starts. */
export async function passHours(memory: MemoryEngine, hours: number): Promise<void> {
  await runSchedules(memory.engine);
  for (let hour = 0; hour < hours; hour += 1) {
    memory.clock.moveTo((Math.floor(memory.clock.now() / 3_600_000) + 1) * 3_600_000);
    await runSchedules(memory.engine);
    while (await memory.turn());
  }
}
