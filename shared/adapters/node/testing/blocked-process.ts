import type { WatchedStep } from "../../../ports/watchdog.ts";
import { ThreadWatchdog } from "../thread-watchdog.ts";

// A worker in which functions run, some of which block it. Arguments: the recorder's file, and what happens.

const [recorder = "", what = ""] = process.argv.slice(2);
const watchdog = new ThreadWatchdog({ recorder, grace: 300, recording: 5000 });

const stepNamed = (step: string): WatchedStep => ({
  ...{ runId: "r", step, index: 0, epoch: 1, attempt: 1, failures: 0, startedAt: new Date().toISOString() },
  ...{ holder: "worker", state: "RUNNING", leaseUntil: Date.now() + 60_000, version: step },
});

/** Blocks the event loop. */
function busy(milliseconds: number): void {
  const until = Date.now() + milliseconds;
  while (Date.now() < until);
}

const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

watchdog.hold(stepNamed("held"));
if (what === "for ever") {
  watchdog.run(stepNamed("blocks"), Date.now() + 300);
  busy(Number.POSITIVE_INFINITY);
} else if (what === "for ever, later") {
  watchdog.run(stepNamed("blocks"), Date.now() + 1000);
  watchdog.run(stepNamed("neighbour"), Date.now() + 60_000);
  await pause(500);
  busy(Number.POSITIVE_INFINITY);
} else if (what === "within its time") {
  const watch = watchdog.run(stepNamed("blocks"), Date.now() + 60_000);
  busy(1500);
  watch.end();
  // Idle workers are not blocked, and nothing keeps the process alive.
  console.log("ends");
} else if (what === "without blocking") {
  watchdog.run(stepNamed("waits"), Date.now() + 100);
  await pause(2000);
  console.log("ends");
} else if (what === "a neighbour") {
  const watch = watchdog.run(stepNamed("waits"), Date.now() + 60_000);
  const other = watchdog.run(stepNamed("blocks"), Date.now() + 60_000);
  await pause(200);
  busy(1500);
  console.log(watch.stolen() > 1000 ? "stolen" : "not stolen");
  other.end();
  await pause(300);
  console.log(watch.stolen() > 1000 && watch.stolen() < 5000 ? "ends" : `stolen: ${watch.stolen()} ms`);
  process.exit();
} else {
  const watch = watchdog.run(stepNamed("alone"), Date.now() + 60_000);
  await pause(200);
  busy(1000);
  await pause(200);
  console.log(watch.stolen() === 0 ? "ends" : `stolen: ${watch.stolen()} ms`);
  process.exit();
}
