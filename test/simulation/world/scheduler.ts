import { Agenda } from "./agenda.ts";
import type { Task } from "./task.ts";

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

  in(milliseconds: number, act: () => Promise<void> | void): void {
    this.agenda.add(this.now + milliseconds, act);
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
    // With other calls unanswered it may go on or not: wait until nothing moves any more.
    await (task.pending > 0 ? settled() : idle);
    this.current = undefined;
  }
}
