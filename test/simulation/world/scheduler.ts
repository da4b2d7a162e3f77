import type { FaultKind } from "../faults/fault-plan.ts";
import { Agenda } from "./agenda.ts";
import type { Task } from "./task.ts";

/** Something that happens soon. Its order relative to other things isn't fixed. */
export type Soon = {
  readonly kind: "call" | "work" | "job" | "delivery";
  readonly about: string;
  /** The worker that waits for it. */
  readonly task?: Task;
};

/** Resolves when the running code has nothing more to do. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * Virtual time, and the workers in it. Only one worker runs at a time, until it waits for an answer or has ended. Then
 * the next thing on the agenda happens.
 */
export class Scheduler {
  now: number;
  /** The worker whose code runs at this moment. */
  current: Task | undefined;
  readonly agenda = new Agenda();

  constructor(start: number) {
    this.now = start;
  }

  /**
   * @param about a description of the entry, to compare agendas
   */
  in(milliseconds: number, act: () => Promise<void> | void, about = ""): void {
    this.agenda.add(this.now + milliseconds, act, about);
  }

  /**
   * Like {@link in}, but a subclass may choose its own order for these.
   *
   * @param act may get a fault that it turns into an effect
   */
  soon(what: Soon, milliseconds: number, act: (fault?: FaultKind) => Promise<void> | void): void {
    this.in(milliseconds, () => act(), what.about);
  }

  /** Does the next thing on the agenda. Returns false if nothing is left. */
  async step(): Promise<boolean> {
    const entry = this.agenda.take();
    if (entry === undefined) return false;
    this.now = Math.max(this.now, entry.at);
    await entry.act();
    return true;
  }

  /** Begins a worker's invocation and lets it run until it waits. */
  async begin(task: Task, work: () => Promise<void>, ended: (error: unknown) => void): Promise<void> {
    this.current = task;
    const idle = new Promise<void>((resolve) => {
      task.onIdle = resolve;
    });
    const finish = (error: unknown) => {
      ended(error);
      task.onIdle();
    };
    work().then(
      () => finish(undefined),
      (error) => finish(error ?? new Error("it threw nothing")),
    );
    await idle;
    await settled();
    this.current = undefined;
  }

  /** Lets a worker's code run without the answer to a call: its timer fires, or a function that it left behind goes on. */
  async wake(task: Task, act: () => void): Promise<void> {
    this.current = task;
    act();
    await settled();
    this.current = undefined;
  }

  /** Answers one of a worker's calls and lets it run until it waits for another. */
  async answer(task: Task, settle: () => void): Promise<void> {
    this.current = task;
    task.pending -= 1;
    const idle = new Promise<void>((resolve) => {
      task.onIdle = resolve;
    });
    settle();
    // If other calls are unanswered, the worker may or may not continue. It may also continue in several places, each
    // up to its next call.
    if (task.pending === 0) await idle;
    await settled();
    this.current = undefined;
  }
}
