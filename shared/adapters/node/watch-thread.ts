import type { WatchedStep } from "../../ports/watchdog.ts";

/** What the worker's main thread tells its watch thread. */
export type WatchNews =
  | { readonly kind: "hold"; readonly id: number; readonly held: WatchedStep }
  | { readonly kind: "run"; readonly id: number; readonly held: WatchedStep; readonly until: number }
  | { readonly kind: "extend"; readonly id: number; readonly until: number }
  | { readonly kind: "end"; readonly id: number };

/** What a watch thread is started with. */
export type WatchOptions = {
  /** One number: when the main thread was last seen to be free, epoch milliseconds. */
  readonly beat: SharedArrayBuffer;
  /** The file whose `endBlocked` records what became of the worker's steps. */
  readonly recorder: string;
  /** Milliseconds between two looks. */
  readonly every: number;
  /** Milliseconds by which a function's time must be over, and for which the main thread must be blocked. */
  readonly grace: number;
  /** Milliseconds that the recorder may take. */
  readonly recording: number;
};

/**
 * The code of the watch thread. It is started from its own text, so it uses nothing from outside of this function: a
 * thread that loaded the worker's code from the start would cost each worker as much memory and time as the worker
 * itself.
 */
export function watchThread(): void {
  const { parentPort, workerData } = process.getBuiltinModule("node:worker_threads");
  const { writeSync } = process.getBuiltinModule("node:fs");
  const { createRequire } = process.getBuiltinModule("node:module");
  const { beat, recorder, every, grace, recording } = workerData as WatchOptions;
  const free = new BigInt64Array(beat);
  const held = new Map<number, WatchedStep>();
  const running = new Map<number, { readonly held: WatchedStep; until: number }>();
  let timer: NodeJS.Timeout | undefined;
  let looked = Date.now();
  let since = looked;

  const end = async (blockedFor: number) => {
    // What a thread prints goes through the main thread, which is blocked. Lambda logs this stream too.
    process.stdout.write = ((text: string | Uint8Array) => {
      writeSync(2, String(text));
      return true;
    }) as typeof process.stdout.write;
    const worker = {
      blockedFor,
      held: [...held.values()],
      running: [...running.values()].map((each) => each.held),
    };
    try {
      const { endBlocked } = createRequire(recorder)(recorder);
      const late = new Promise((_, reject) => {
        setTimeout(() => reject(new Error(`nothing was recorded in ${recording} ms`)), recording);
      });
      await Promise.race([endBlocked(worker, Date.now() + recording), late]);
    } catch (error) {
      const steps = worker.running.map(({ runId, step, index }) => `${runId} ${step}[${index}]`).join(", ");
      writeSync(
        2,
        `a worker is blocked by one of ${steps}, and that could not be recorded: ${String(error)}\n`,
      );
    }
    process.kill(process.pid, "SIGKILL");
  };

  const look = () => {
    const now = Date.now();
    // The whole process stood still, as between two invocations on Lambda: the main thread gets its time too.
    if (now - looked > every + grace) since = now;
    looked = now;
    const blockedFor = now - Math.max(since, Number(Atomics.load(free, 0)));
    if (blockedFor < grace) return;
    if (![...running.values()].some(({ until }) => until + grace <= now)) return;
    clearInterval(timer);
    void end(blockedFor);
  };

  parentPort?.on("message", (news: WatchNews) => {
    if (news.kind === "hold") held.set(news.id, news.held);
    else if (news.kind === "run") running.set(news.id, news);
    else if (news.kind === "extend") {
      const known = running.get(news.id);
      if (known !== undefined) running.set(news.id, { held: known.held, until: news.until });
    } else {
      held.delete(news.id);
      running.delete(news.id);
    }
    if (running.size > 0 && timer === undefined) {
      looked = Date.now();
      since = looked;
      timer = setInterval(look, every);
    } else if (running.size === 0 && timer !== undefined) {
      clearInterval(timer);
      timer = undefined;
    }
  });
}
