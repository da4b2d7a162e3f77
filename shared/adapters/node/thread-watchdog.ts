import { Worker } from "node:worker_threads";
import type { Watch, Watchdog, WatchedStep } from "../../ports/watchdog.ts";
import { type WatchNews, type WatchOptions, watchThread } from "./watch-thread.ts";

/** Milliseconds between two signs of life of the main thread, and between two looks of the watch thread. */
const every = 100;

/** The options of a watchdog. */
export type ThreadWatchdogOptions = Pick<WatchOptions, "recorder"> &
  Partial<Pick<WatchOptions, "grace" | "recording">>;

/**
 * Watches the main thread from a thread of its own, which starts with the first function. If a function's time is over
 * and the main thread doesn't react, the thread loads the recorder, has it record what became of the worker's steps, and
 * ends the process.
 */
export class ThreadWatchdog implements Watchdog {
  private readonly options: WatchOptions;
  private readonly free: BigInt64Array;
  /** News that the thread gets when it starts: what is held by then. */
  private readonly early = new Map<number, WatchNews>();
  private thread: Worker | undefined;
  private numbered = 0;
  private running = 0;
  private timer: NodeJS.Timeout | undefined;
  private seen = 0;
  /** Milliseconds for which the event loop was blocked while several functions ran. */
  private blocked = 0;

  /**
   * @param options `grace` and `recording` as in {@link WatchOptions}: together they must fit into the time that a
   * worker keeps for commits
   */
  constructor({ recorder, grace = 1000, recording = 10_000 }: ThreadWatchdogOptions) {
    const beat = new SharedArrayBuffer(8);
    this.free = new BigInt64Array(beat);
    this.options = { beat, recorder, every, grace, recording };
  }

  hold(held: WatchedStep): Watch {
    return this.watch((id) => ({ kind: "hold", id, held }));
  }

  run(held: WatchedStep, until: number): Watch {
    this.begin();
    return this.watch(
      (id) => ({ kind: "run", id, held, until }),
      () => this.stop(),
    );
  }

  private watch(news: (id: number) => WatchNews, ended: () => void = () => undefined): Watch {
    this.numbered += 1;
    const id = this.numbered;
    const before = this.blocked;
    let isOpen = true;
    this.tell(news(id));
    return {
      stolen: () => this.blocked + this.pending() - before,
      extend: (until) => this.tell({ kind: "extend", id, until }),
      end: () => {
        if (!isOpen) return;
        isOpen = false;
        this.tell({ kind: "end", id });
        ended();
      },
    };
  }

  private tell(news: WatchNews): void {
    if (this.thread !== undefined) this.thread.postMessage(news);
    else if (news.kind === "end") this.early.delete(news.id);
    else this.early.set(news.id, news);
  }

  /** A function begins. */
  private begin(): void {
    // Every block until now came from the functions that ran until now.
    this.beat();
    this.running += 1;
    if (this.running === 1) {
      this.timer = setInterval(() => this.beat(), every);
      this.timer.unref();
    }
    if (this.thread !== undefined) return;
    // The worker's own flags, such as a loader, are not for this thread.
    this.thread = new Worker(`(${watchThread.toString()})()`, {
      ...{ eval: true, workerData: this.options, execArgv: [] },
    });
    this.thread.unref();
    for (const news of this.early.values()) this.thread.postMessage(news);
    this.early.clear();
  }

  private stop(): void {
    this.beat();
    this.running -= 1;
    if (this.running > 0) return;
    clearInterval(this.timer);
  }

  private see(now: number): void {
    this.seen = now;
    Atomics.store(this.free, 0, BigInt(now));
  }

  /** Milliseconds by which the next sign of life is late, if there are several functions to take time from each other. */
  private pending(): number {
    return this.running > 1 ? Math.max(0, Date.now() - this.seen - every) : 0;
  }

  private beat(): void {
    this.blocked += this.pending();
    this.see(Date.now());
  }
}
