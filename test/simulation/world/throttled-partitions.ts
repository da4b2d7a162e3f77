import type { FaultPlan } from "../faults/fault-plan.ts";
import type { Task, TaskKind } from "./task.ts";

/** How many times the table throttles a run. Copies of messages make calls too, and would keep it throttled. */
const maxThrottlings = 2;

/** Kinds of workers whose calls are refused while a partition of the table is throttled. The others' senders try again. */
const throttled: ReadonlySet<TaskKind> = new Set(["message", "event", "tick", "watch"]);

/** The partitions of the table that refuse calls. Each holds the records of one run. */
export class ThrottledPartitions {
  private readonly plan: FaultPlan;
  /** By a run's id: the virtual times until which the table refused calls about the run, one for each throttling. */
  private readonly until = new Map<string, readonly number[]>();

  constructor(plan: FaultPlan) {
    this.plan = plan;
  }

  /**
   * Whether the table refuses a call about a run. Once it refuses one, it refuses all others about that run for some time.
   *
   * @param danger how many times likelier than others this call is the first
   */
  refuses(
    task: Task,
    key: string,
    port: string,
    args: readonly unknown[],
    now: number,
    danger: number,
  ): boolean {
    if (port !== "store" || !throttled.has(task.kind)) return false;
    const [first] = args;
    const runId = typeof first === "string" ? first : (first as { runId?: string } | undefined)?.runId;
    if (runId === undefined) return false;
    const times = this.until.get(runId) ?? [];
    if ((times.at(-1) ?? 0) > now) return true;
    if (times.length >= maxThrottlings) return false;
    const draws = this.plan.drawsFor(`${key}/partition`);
    const drawn = this.plan.decide(`${key}/partition`, ["partition throttled"], draws.next(), now, danger);
    if (drawn === undefined) return false;
    this.until.set(runId, [...times, now + draws.pick([3000, 20_000, 90_000, 240_000])]);
    return true;
  }
}
