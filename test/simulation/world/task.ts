import type { JobIdentity } from "../../../shared/batch/job-environment.ts";
import type { WorkerSize } from "../../../shared/ports/engine.ts";

/** What a simulated worker works for. */
export type TaskKind = "start" | "message" | "event" | "tick" | "job" | "person" | "dead letter";

/** One invocation of a worker: it works until it ends, or until it is killed. */
export class Task {
  readonly kind: TaskKind;
  /** Unique and the same in every run of a seed. */
  readonly name: string;
  /** The epoch of a step record that it is at, as `subjectOf` names it; "" for none. */
  subject: string;
  /** Number of the call that a fault hit last. */
  struckAt = 0;
  /** Faults that hit it. */
  strikes = 0;
  /** How much likelier than others it meets faults. */
  exposed = 1;
  /** Milliseconds that this worker's clock is ahead. */
  readonly skew: number;
  /** States of runs, by id, as it was told them last. */
  readonly told = new Map<string, string>();
  /** Whose work it does, when it is a job. */
  job: JobIdentity | undefined;
  /** Of the process that it is in. */
  workerSize: WorkerSize = "small";
  dead = false;
  /** Virtual time. */
  begunAt = 0;
  /** Calls made so far. */
  calls = 0;
  /** Calls that have not been answered. */
  pending = 0;
  /** Called when the worker cannot go on without an answer, or has ended. */
  onIdle: () => void = () => {};
  /** Called when the worker is killed. */
  onKilled: () => void = () => {};
  /** What runs when the time that was allowed for its function is over. */
  deadline: { readonly at: number; readonly controller: AbortController } | undefined;
  /** How many failures may count against its step besides those that the step has by itself. */
  charged: { readonly account: string; readonly most: number } | undefined;
  /** Whether any fault hit it. */
  disturbed = false;
  /** Whether it was held up for longer than the others wait for it. */
  zombie = false;

  constructor(kind: TaskKind, name: string, subject: string, skew: number) {
    this.kind = kind;
    this.name = name;
    this.subject = subject;
    this.skew = skew;
  }
}
