import type { Watch, Watchdog, WatchedStep } from "../../../shared/ports/watchdog.ts";
import type { Task } from "./task.ts";

/** The watchdog of the active worker: it records what the worker holds and runs, and what blocks took of its time. */
export function workerWatchdog(running: () => Task): Watchdog {
  return {
    hold: (held) => watched(running(), running().holds, held),
    run: (held) => watched(running(), running().runs, held),
  };
}

function watched(task: Task, among: Set<WatchedStep>, held: WatchedStep): Watch {
  const before = task.stolen;
  among.add(held);
  return {
    stolen: () => task.stolen - before,
    extend: () => {},
    end: () => void among.delete(held),
  };
}
