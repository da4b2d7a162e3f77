import { endBlocked } from "../../../shared/worker/end-blocked.ts";
import { subjectOf } from "../faults/fault-ledger.ts";
import type { Random } from "../random.ts";
import type { Alarm, Task } from "./task.ts";
import type { World } from "./world.ts";

/** Milliseconds after a function's time for which its worker may be blocked before the watch thread acts. */
const grace = 1000;

/**
 * A function blocks its process, with everything else in it: for less than its time, for slightly more, or for ever.
 * In the last case, the watch thread ends the process once the function's time is over.
 *
 * @returns for how many milliseconds; undefined if the worker is ended
 */
export function blockProcess(world: World, task: Task, deadline: Alarm, draws: Random): number | undefined {
  const others = [...world.live].filter(
    (each) =>
      each !== task &&
      each.kind === "message" &&
      each.workerSize === "small" &&
      each.holds.size > 0 &&
      // Two long blocks, one after the other, would outlast a lease.
      each.late === 0 &&
      world.ledger.mayLose(each),
  );
  const neighbours = task.workerSize === "small" ? others.filter(() => draws.chance(0.7)).slice(0, 9) : [];
  const group = [...neighbours, task];
  const left = deadline.at - world.now;
  const mayEnd = neighbours.some(({ runs }) => runs.size > 0)
    ? world.ledger.mayLose(task)
    : world.ledger.mayFail(task);
  const forms = mayEnd && task.late === 0 ? [300, 2500, left + 400, Number.POSITIVE_INFINITY] : [300, 2500];
  const milliseconds = draws.pick(
    world.ledger.mayFail(task) ? forms : forms.filter((each) => each !== left + 400),
  );
  if (milliseconds > left) world.ledger.charge(task);
  const isShared = group.filter(({ runs }) => runs.size > 0).length > 1;
  for (const each of group) {
    each.frozenUntil = world.now + milliseconds;
    if (isShared) each.stolen += milliseconds;
    // From now on, its timers may be set again.
    each.late += 1;
  }
  if (milliseconds < Number.POSITIVE_INFINITY) {
    world.trace.add(
      world.now,
      task.name,
      () => `BLOCKS for ${milliseconds} ms ${neighbours.map(({ name }) => name)}`,
    );
    return milliseconds;
  }
  for (const each of group) world.ledger.interrupt(each);
  const over = Math.min(...group.flatMap(({ deadline }) => deadline?.at ?? []));
  world.scheduler.agenda.add(over + grace, () => endProcess(world, task, group));
  return undefined;
}

/** What the watch thread of a process does: it ends the process, in the middle of whatever its workers do. */
function endProcess(world: World, task: Task, group: readonly Task[]): Promise<void> {
  const worker = {
    blockedFor: grace,
    held: group.flatMap(({ holds }) => [...holds]),
    running: group.flatMap(({ runs }) => [...runs]),
  };
  world.trace.add(world.now, task.name, () => `BLOCKED, with ${group.map(({ name }) => name)}`);
  for (const each of group) world.kill(each);
  const watcher = world.task("watch", task.name, "");
  watcher.workerSize = task.workerSize;
  watcher.answersFor = worker.held.map(subjectOf);
  return world.begin(
    watcher,
    (engine) => endBlocked(engine, worker, engine.clock.now() + 10_000),
    () => {},
  );
}
