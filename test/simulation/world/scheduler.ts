import type { FaultKind } from "../faults/fault-plan.ts";
import { Agenda } from "./agenda.ts";
import type { Task } from "./task.ts";

/** Something that happens soon: after other things or before them, as it comes. */
export type Soon = {
  readonly kind: "call" | "work" | "job" | "delivery";
  readonly about: string;
  /** The worker that waits for it. */
  readonly task?: Task;
};

/** When nothing moves any more in the code that runs. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * Virtual time, and the workers in it. Only one worker goes on at a time, until it waits for an answer or has ended;
 * then the next thing on the agenda happens.
 */
export class Scheduler {
  now: number;
  /** The worker whose code runs at this moment. */
  current: Task | undefined;
  readonly agenda = new Agenda();

  constructor(start: number) {
    this.now = start;
  }

  /** @param about what it is, for those who compare agendas */
  in(milliseconds: number, act: () => Promise<void> | void, about = ""): void {
    this.agenda.add(this.now + milliseconds, act, about);
  }

  /**
   * As {@link in}; another scheduler may choose its own order for these.
   *
   * @param act may be told of a fault to make of it
   */
  soon(what: Soon, milliseconds: number, act: (fault?: FaultKind) => Promise<void> | void): void {
    this.in(milliseconds, () => act(), what.about);
  }

  /** Does the next thing on the agenda. False when nothing is left. */
  async step(): Promise<boolean> {
    const entry = this.agenda.take();
    if (entry === undefined) return false;
    this.now = Math.max(this.now, entry.at);
    await entry.act();
    return true;
  }

  /** Begins a worker's invocation and lets it go on until it waits. */
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

  /** Answers one of a worker's calls and lets it go on until it waits for another. */
  async answer(task: Task, settle: () => void): Promise<void> {
    this.current = task;
    task.pending -= 1;
    const idle = new Promise<void>((resolve) => {
      task.onIdle = resolve;
    });
    settle();
    // With other calls unanswered it may go on or not; and it may go on at several places at once, each to a call.
    if (task.pending === 0) await idle;
    await settled();
    this.current = undefined;
  }
}
