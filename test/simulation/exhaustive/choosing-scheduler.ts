import type { FaultKind } from "../faults/fault-plan.ts";
import { Scheduler, type Soon } from "../world/scheduler.ts";

/** Something that could happen next. */
export type Open = { readonly what: Soon; readonly act: (fault?: FaultKind) => Promise<void> | void };

/** Lets its driver choose the order of what happens soon. Only what takes long follows virtual time. */
export class ChoosingScheduler extends Scheduler {
  private opened: Open[] = [];

  override soon(what: Soon, _milliseconds: number, act: Open["act"]): void {
    this.opened.push({ what, act });
  }

  /** What could happen next, except what only killed workers wait for. */
  get open(): readonly Open[] {
    this.opened = this.opened.filter(({ what }) => what.task?.dead !== true);
    return this.opened;
  }

  /** Makes one of these happen. */
  async take(open: Open, fault?: FaultKind): Promise<void> {
    this.opened.splice(this.opened.indexOf(open), 1);
    await open.act(fault);
  }

  /** Like {@link take}, for a message that is delivered and stays in the queue to be delivered again. */
  async takeCopy(open: Open): Promise<void> {
    await open.act();
  }
}
