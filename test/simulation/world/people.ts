import { cancelRun } from "../../../shared/operate/cancel-run.ts";
import { retryRun } from "../../../shared/operate/retry-run.ts";
import { RunNotFoundError, RunStateError } from "../../../shared/run/run-errors.ts";
import type { Run } from "../../../shared/state/run.ts";
import type { World } from "./world.ts";

/** Epochs that people open at most. */
const mostEpochs = 4;

/** What people ask for, at times of their own choosing. */
export class People {
  /** Whether a person did anything to the run. */
  readonly acted = new Set<string>();
  private readonly world: World;

  constructor(world: World) {
    this.world = world;
    world.watch.onEnd = (run) => this.mayRetry(run);
  }

  /** Decides now what will be asked for later. */
  mayCancel(runId: () => string | undefined): void {
    for (const [time, most] of [3000, 40_000, 900_000].entries()) {
      const key = `person/cancel ${time}`;
      const draws = this.world.plan.drawsFor(key);
      const kind = this.world.plan.decide(key, ["person cancels"], draws.next(), this.world.now);
      if (kind === undefined) continue;
      this.world.scheduler.in(draws.between(1, most), () => {
        const id = runId();
        return id === undefined ? undefined : this.cancel(id);
      });
    }
  }

  /** Cancels a run now. */
  cancel(runId: string): Promise<void> {
    return this.ask("cancel", runId, (engine) => cancelRun(engine, runId));
  }

  private mayRetry(run: Run): void {
    if (run.state === "SUCCEEDED" || run.epoch >= mostEpochs) return;
    const key = `person/retry ${run.epoch}`;
    const draws = this.world.plan.drawsFor(key);
    if (this.world.plan.decide(key, ["person retries"], draws.next(), this.world.now) === undefined) return;
    this.world.scheduler.in(draws.pick([20, 3000, 200_000]), () =>
      this.ask("retry", run.runId, (engine) => retryRun(engine, run.runId)),
    );
  }

  private ask(what: string, runId: string, work: Parameters<World["begin"]>[1]): Promise<void> {
    this.acted.add(runId);
    return this.world.begin(this.world.task("person", what, ""), work, (error) => {
      // Told that it does not fit the run's state, or that AWS did not answer, a person leaves it at that.
      const told = error instanceof RunStateError || error instanceof RunNotFoundError;
      if (error !== undefined && !told && (error as Error).name !== "SimulatedFault")
        this.world.violations.add("people get answers", `${what} of ${runId} threw ${String(error)}`);
    });
  }
}
