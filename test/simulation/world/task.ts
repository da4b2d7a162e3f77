import type { JobIdentity } from "../../../shared/batch/job-environment.ts";
import type { WorkerSize } from "../../../shared/ports/engine.ts";
import type { WatchedStep } from "../../../shared/ports/watchdog.ts";

/** What a simulated worker was started for. */
export type TaskKind =
  | "start"
  | "message"
  | "event"
  | "tick"
  | "job"
  | "person"
  | "dead letter"
  /** The watch thread of a worker that is blocked. */
  | "watch";

/** A timer of a worker. */
export type Alarm = { readonly at: number; readonly controller: AbortController; isCleared: boolean };

/** One invocation of a worker. It works until it ends or is killed. */
export class Task {
  readonly kind: TaskKind;
  /** Unique, and the same in every simulation of a seed. */
  readonly name: string;
  /** The epoch of the step record that it works on, as `subjectOf` names it; "" for none. */
  subject: string;
  /** Number of the last call that a fault hit. */
  struckAt = 0;
  /** Faults that hit it. */
  strikes = 0;
  /** How many times more likely than other workers it meets faults. */
  exposed = 1;
  /** How many milliseconds this worker's clock is ahead. */
  readonly skew: number;
  /** The states of runs that it last learned, by id. */
  readonly knownStates = new Map<string, string>();
  /** For a job, the attempt that it works for. */
  job: JobIdentity | undefined;
  /** The size of its process. */
  workerSize: WorkerSize = "small";
  dead = false;
  /** Virtual time. */
  begunAt = 0;
  /** Calls made so far. */
  calls = 0;
  /** Calls that have not been answered. */
  pending = 0;
  /** Called when the worker can't continue without an answer, or has ended. */
  onIdle: () => void = () => {};
  /** Called when the worker is killed. */
  onKilled: () => void = () => {};
  /** When its function's time limit is reached, and the controller that aborts it then. */
  deadline: Alarm | undefined;
  /** How often something took its function longer than it may; then its timers can ring. */
  late = 0;
  /** Until when it stands still: virtual time. */
  frozenUntil = 0;
  /** Milliseconds that others in its process have taken from it. */
  stolen = 0;
  /** The steps that it holds, and those whose functions it runs. */
  readonly holds = new Set<WatchedStep>();
  readonly runs = new Set<WatchedStep>();
  /** For a watch thread, the records that it releases: see `subjectOf`. */
  answersFor: readonly string[] = [];
  /** How many failures may count against its step in addition to the step's own. */
  charged: { readonly account: string; readonly max: number } | undefined;
  /** Whether any fault hit it. */
  disturbed = false;
  /** Whether it was held up for longer than others wait for it. */
  zombie = false;

  constructor(kind: TaskKind, name: string, subject: string, skew: number) {
    this.kind = kind;
    this.name = name;
    this.subject = subject;
    this.skew = skew;
  }
}
