/**
 * Watches functions in this process, which was started for it. Prints milliseconds until a function may begin (the
 * thread starts beside it) and until the thread reacts, KiB of memory that the thread takes, and microseconds that it
 * takes to watch a function, once the thread runs.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { ThreadWatchdog } from "../shared/adapters/node/thread-watchdog.ts";
import { watchThread } from "../shared/adapters/node/watch-thread.ts";
import type { WatchedStep } from "../shared/ports/watchdog.ts";

const held: WatchedStep = {
  ...{
    runId: "r",
    step: "s",
    index: 0,
    epoch: 1,
    attempt: 1,
    failures: 0,
    startedAt: new Date().toISOString(),
  },
  ...{ holder: "worker", state: "RUNNING", leaseUntil: Date.now() + 60_000, version: "v" },
};
const memory = () => process.memoryUsage.rss() / 1024;
const pause = (milliseconds: number) => new Promise((resolve) => setTimeout(resolve, milliseconds));

const rssBefore = memory();
const start = performance.now();
const watchdog = new ThreadWatchdog({ recorder: "none" });
const first = watchdog.run(held, Date.now() + 60_000);
const begins = performance.now() - start;
await pause(500);
const kib = memory() - rssBefore;

const times = 10_000;
const before = performance.now();
for (let each = 0; each < times; each += 1) {
  const hold = watchdog.hold(held);
  watchdog.run(held, Date.now() + 60_000).end();
  hold.end();
}
const watched = ((performance.now() - before) * 1000) / times;
first.end();

const threadStart = performance.now();
const data = { beat: new SharedArrayBuffer(8), recorder: "none", every: 100, grace: 1000, recording: 1000 };
const thread = new Worker(`(${watchThread.toString()})()`, { eval: true, workerData: data, execArgv: [] });
await once(thread, "online");
console.log(JSON.stringify({ begins, online: performance.now() - threadStart, kib, watched }));
process.exit();
