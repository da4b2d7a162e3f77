import { errorOf } from "../pipeline/millrace-error.ts";
import type { Engine } from "../ports/engine.ts";

/** A function asked for something after its attempt was over. */
export class AttemptOverError extends errorOf("ATTEMPT_OVER") {}

/** Which fields of an engine reach the world outside of the worker. The compiler asks for each field. */
const reaching: Readonly<Record<keyof Engine, boolean>> = {
  ...{ stage: false, pipelines: false, jobVersions: false, commit: false },
  ...{
    store: true,
    waiters: true,
    cache: true,
    models: true,
    publications: true,
    schedules: true,
    backfills: true,
  },
  ...{ queue: true, largeQueue: true, workerSize: false, batch: true, objects: true, notifier: true },
  ...{ clock: false, watchdog: false, random: false, log: false, logPlace: false, meter: false },
  settings: false,
};

/**
 * Ends an attempt's reach. A function can go on after its attempt: it was timed out, or it returned and left a promise
 * behind. By then another attempt may have published its result, which the late one must not overwrite.
 */
export class AttemptGuard {
  private over: string | undefined;
  private readonly underWay = new Set<Promise<unknown>>();
  private readonly attempt: string;
  private readonly timeIsUp: () => boolean;

  /**
   * @param attempt names it in errors
   * @param timeIsUp whether its time is over, even if no timer has fired yet
   */
  constructor(attempt: string, timeIsUp: () => boolean) {
    this.attempt = attempt;
    this.timeIsUp = timeIsUp;
  }

  /** Refuses everything from now on. @param why follows "is over: " */
  end(why: string): void {
    this.over ??= why;
  }

  /** Whether calls that began before the end are under way. */
  get isBusy(): boolean {
    return this.underWay.size > 0;
  }

  /** Resolves once every call that began before the end is done. */
  async settled(): Promise<void> {
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
  }

  private check(): void {
    if (this.over === undefined && this.timeIsUp()) this.end("its time is up");
    if (this.over === undefined) return;
    throw new AttemptOverError(
      `${this.attempt} is over: ${this.over}. What its function still does has no effect`,
    );
  }

  private guarded<T extends object>(port: T): T {
    return new Proxy(port, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => {
          this.check();
          const answer: unknown = Reflect.apply(member, target, args);
          if (answer instanceof Promise) this.follow(answer);
          return answer;
        };
      },
    });
  }

  private follow(call: Promise<unknown>): void {
    this.underWay.add(call);
    const done = () => this.underWay.delete(call);
    call.then(done, done);
  }

  /** The engine for the attempt's function. Each call of a port is refused once the attempt is over. */
  engineFor(engine: Engine): Engine {
    const fields = Object.entries(engine).map(([name, field]: [string, unknown]) => {
      const reaches = reaching[name as keyof Engine] && typeof field === "object" && field !== null;
      return [name, reaches ? this.guarded(field) : field];
    });
    return Object.fromEntries(fields) as Engine;
  }
}
