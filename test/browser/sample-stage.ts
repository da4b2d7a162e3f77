import { ctrTraining } from "../../pipelines/ctr-training.ts";
import { ridgeSweep } from "../../pipelines/ridge-sweep.ts";
import { MemoryLogReader } from "../../shared/adapters/memory/memory-log-reader.ts";
import { manage } from "../../shared/operate/manage.ts";
import type { Json } from "../../shared/pipeline/index.ts";
import { startRun } from "../../shared/run/start-run.ts";
import { registerSchedules } from "../../shared/schedule/register-schedules.ts";
import type { Cause } from "../../shared/state/run.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { consoleOf, scores } from "../console/fixtures.ts";
import { Machines } from "./machines.ts";
import { modelRelease } from "./model-release.ts";
import { priceImport } from "./price-import.ts";
import { copied, impressions, sampleJobs } from "./sample-jobs.ts";

/** The ids of what the sample stage has. */
export type SampleIds = {
  /** A click log was dropped that its validation refuses. */
  readonly failed: string;
  /** Its models are being trained. */
  readonly running: string;
  readonly succeeded: string;
  /** Another one, with other parameters. */
  readonly earlier: string;
  /** A map of 10,000, of which 12 failed. */
  readonly mapped: string;
  /** Waits for a person. */
  readonly asked: string;
  readonly queued: string;
  readonly backfill: string;
};

const midnight = Date.parse("2021-10-04T00:00:00Z");
const minutes = (count: number) => count * 60_000;
/** When the stage is looked at. */
export const lookedAt: number = Date.parse("2021-10-04T16:21:00Z");

/** What starts a run; without a cause, its schedule. */
type Start = { readonly pipeline: string; readonly params?: Json; readonly cause?: Cause };

/** A run that a click log starts. */
const ofClicks = (uri: string): Start => ({
  pipeline: "ctr-training",
  params: { files: [{ uri }] },
  cause: { kind: "object", uri },
});
/** One whose validation fails. */
const badClicks = "s3://millrace-dev-data/raw/ctr/clicks-2021-10-04.csv";

/** What goes wrong in the imports of the day, by their place. */
const problems: Readonly<Record<number, string>> = {
  5: "1,204 of 40,112 prices have no currency",
  14: "the vendor's file ends in the middle of a line",
  23: "1,198 of 40,090 prices have no currency",
  30: "1,201 of 40,127 prices have no currency",
};

/** When schedules start runs, in minutes since midnight: a sweep every two hours, an import every half hour. */
const scheduled: readonly (Start & { readonly at: number })[] = [
  ...[2, 4, 6, 8, 10, 12, 14].map((hour) => ({ at: hour * 60, pipeline: "ridge-sweep" })),
  ...Array.from({ length: 31 }, (_, place) => ({
    at: 13 + place * 30,
    pipeline: "price-import",
    params: { vendorSeconds: 40 + ((place * 37) % 90), problem: problems[place] ?? "" },
  })),
];

const byHand: Cause = { kind: "manual" };
/** Where a map of 10,000 fails. */
const failing = Array.from({ length: 12 }, (_, place) => 801 + place * 697);

/** Starts a run now. The same runs start each time, so that pictures can be compared. */
async function started(
  { engine, clock }: MemoryEngine,
  { pipeline, params = {}, cause = { kind: "schedule", schedule: "default" } }: Start,
): Promise<string> {
  const causeKey = `${pipeline} ${clock.now()}`;
  return (await startRun(engine, { pipeline, params, cause, causeKey })).runId;
}

/** Lets the day pass until just before the stage is looked at. */
async function spendDay(memory: MemoryEngine, machines: Machines) {
  for (const { at, ...start } of scheduled)
    machines.at(midnight + minutes(at), async () => void (await started(memory, start)));
  const at = async (minute: number, start: Start): Promise<string> => {
    await machines.runUntil(midnight + minutes(minute));
    return started(memory, start);
  };
  const [first = "", second = ""] = impressions;
  const earlier = await at(61, { pipeline: "ridge-sweep", params: { alphas: [1, 0.1, 0.01] } });
  await at(400, ofClicks(first));
  const succeeded = await at(610, ofClicks(second));
  const params = { items: 10_000, words: "the item has no price", failing };
  const mapped = await at(700, { pipeline: "scores", params, cause: byHand });
  const asked = await at(930, { pipeline: "model-release", cause: byHand });
  const failed = await at(958, ofClicks(badClicks));
  const running = await at(978, { pipeline: "ridge-sweep", cause: byHand });
  await machines.runUntil(lookedAt - minutes(2));
  return { earlier, succeeded, mapped, asked, failed, running };
}

/** A stage in memory at the end of a day of mixed runs, with both functions of its console. */
export async function sampleStage() {
  const memory = new MemoryEngine([ridgeSweep, ctrTraining, priceImport, scores, modelRelease], {}, midnight);
  const logs = new MemoryLogReader();
  const machines = new Machines(memory, logs, sampleJobs);
  await registerSchedules(memory.engine);
  for (const uri of [...impressions, badClicks, ...copied]) await memory.objects.put(uri, uri, "text/plain");
  const runs = await spendDay(memory, machines);
  const backfill = await manage(memory.engine, {
    ...{ action: "backfill", pipeline: "scores", from: "2021-10-01", to: "2021-10-04", every: "day" },
    params: { failing: [1] },
  });
  await manage(memory.engine, { action: "limit", limit: "pipeline/ctr-training", slots: 0 });
  const queued = await started(memory, { pipeline: "ctr-training" });
  await machines.runUntil(lookedAt);
  await manage(memory.engine, { action: "schedule", pipeline: "ctr-training", active: true });
  const ids: SampleIds = { ...runs, queued, backfill: "backfill" in backfill ? backfill.backfill : "" };
  return { ...consoleOf(memory, logs), ids };
}
