import type { FaultKind } from "../faults/fault-plan.ts";
import { Scheduler, type Soon } from "../world/scheduler.ts";

/** Something that could happen next. */
export type Open = { readonly what: Soon; readonly act: (fault?: FaultKind) => Promise<void> | void };

/** Leaves the order of what happens soon to whoever drives it; only what takes long goes by time. */
export class ChoosingScheduler extends Scheduler {
  private opened: Open[] = [];

  override soon(what: Soon, _milliseconds: number, act: Open["act"]): void {
    this.opened.push({ what, act });
  }

  /** What could happen next, without what only workers that were killed wait for. */
  get open(): readonly Open[] {
    this.opened = this.opened.filter(({ what }) => what.task?.dead !== true);
    return this.opened;
  }

  /** Has one of those happen. */
  async take(open: Open, fault?: FaultKind): Promise<void> {
    this.opened.splice(this.opened.indexOf(open), 1);
    await open.act(fault);
  }

  /** As {@link take}, of a message that is delivered and stays to be delivered again. */
  async takeCopy(open: Open): Promise<void> {
    await open.act();
  }
}
