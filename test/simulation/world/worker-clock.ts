import type { Clock } from "../../../shared/ports/clock.ts";
import type { Alarm, Task } from "./task.ts";
import type { World } from "./world.ts";

/** The clock of the active worker, in virtual time. */
export function workerClock(world: World): Clock {
  return {
    now: () => world.scheduler.now + (world.scheduler.current?.skew ?? 0),
    deadline: (milliseconds) => {
      const task = world.running;
      const controller = new AbortController();
      const alarm: Alarm = { at: world.scheduler.now + milliseconds, controller, isCleared: false };
      task.deadline = alarm;
      if (task.late > 0) {
        setAlarm(world, task, alarm);
        // The worker may have nothing else to wait for.
        task.onIdle();
      }
      return {
        signal: controller.signal,
        clear: () => {
          alarm.isCleared = true;
          if (task.deadline === alarm) task.deadline = undefined;
        },
      };
    },
    pause: (milliseconds) => {
      const task = world.running;
      if (task.dead) return new Promise(() => {});
      task.pending += 1;
      return new Promise((resolve) => {
        world.scheduler.in(milliseconds, () => endPause(world, task, resolve));
        task.onIdle();
      });
    },
  };
}

/** A worker's pause is over, unless it stands still. */
function endPause(world: World, task: Task, resolve: () => void): Promise<void> | void {
  if (task.dead || task.frozenUntil === Number.POSITIVE_INFINITY) return undefined;
  const still = task.frozenUntil - world.now;
  if (still > 0) return world.scheduler.in(still, () => endPause(world, task, resolve));
  return world.live.has(task) ? world.scheduler.answer(task, resolve) : world.scheduler.wake(task, resolve);
}

/** Ends a function's time at its deadline, unless its worker stands still. */
export function setAlarm(world: World, task: Task, alarm: Alarm): void {
  const ring = (): Promise<void> | void => {
    if (alarm.isCleared || task.dead || !world.live.has(task)) return undefined;
    const still = task.frozenUntil - world.now;
    if (still > 0 && still < Number.POSITIVE_INFINITY) return world.scheduler.in(still, ring);
    return still > 0 ? undefined : world.scheduler.wake(task, () => alarm.controller.abort());
  };
  world.scheduler.agenda.add(alarm.at, ring);
}
