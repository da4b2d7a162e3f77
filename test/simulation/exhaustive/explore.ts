import { FaultPlan } from "../faults/fault-plan.ts";
import type { Violation } from "../invariants/violation.ts";
import { hashOf, Random } from "../random.ts";
import { Simulation } from "../simulation.ts";
import type { PipelineSpec } from "../spec/pipeline-spec.ts";
import { simulationStart } from "../spec/simulation-start.ts";
import { Trace, type TraceLine } from "../trace.ts";
import { World } from "../world/world.ts";
import { ChoosingScheduler, type Open } from "./choosing-scheduler.ts";
import { Histories, stateText } from "./state-text.ts";

/** What can go wrong in an execution, and how often. Each fault is tried at every place where it can happen. */
export type Budget = {
  /** Workers killed, before or after a call. */
  readonly kills?: number;
  /** Messages delivered twice. */
  readonly copies?: number;
  /** How often time passes although workers haven't finished. */
  readonly delays?: number;
  /** Cancels by a person. */
  readonly cancels?: number;
};

/** The result of an exploration. */
export type Exploration = {
  /** Different states with a choice of what happens next. */
  states: number;
  executions: number;
  /** Executions that reached the run's end. The others came to a known state. */
  ends: number;
  /** Places at which a worker was killed. */
  crashPoints: number;
  /** The first promise that was broken, and what led to it. */
  broken?: { readonly violations: readonly Violation[]; readonly trace: readonly TraceLine[] };
  /** Whether everything was explored within the limit. */
  complete: boolean;
};

/** Workers that take messages at the same time. */
const workers = 2;

/** Draws the same numbers each time, so that only the choices decide. */
class UndrawnPlan extends FaultPlan {
  constructor() {
    super({ seed: 0, rates: {}, until: 0, skew: 0 });
  }

  override drawsFor(): Random {
    return new Random(7);
  }
}

type Choice = { readonly take: () => Promise<void>; readonly kills?: boolean };

/** One execution: it follows the given choices, then always takes the first one. */
class Execution {
  readonly scheduler = new ChoosingScheduler(simulationStart);
  readonly simulation: Simulation;
  /** For each choice, which option was taken, and how many there were. */
  readonly path: { readonly chosen: number; readonly of: number }[] = [];
  crashPoints = 0;
  private readonly world: World;
  private readonly histories: Histories;
  private readonly left: { kills: number; copies: number; delays: number; cancels: number };

  constructor(spec: PipelineSpec, budget: Budget, traced: boolean) {
    this.world = new World(new UndrawnPlan(), new Trace(traced), this.scheduler);
    // What a process remembers would be a hidden part of the state.
    this.world.processes.reuse = false;
    this.simulation = new Simulation(this.world, spec, simulationStart);
    this.histories = new Histories(this.world);
    const { kills = 0, copies = 0, delays = 0, cancels = 0 } = budget;
    this.left = { kills, copies, delays, cancels };
  }

  private choicesFor(open: Open): Choice[] {
    const { kind, task } = open.what;
    const busy = [...this.world.live].filter((each) => each.kind !== "job").length;
    if (kind === "delivery" && busy >= workers) return [];
    const choices: Choice[] = [{ take: () => this.scheduler.take(open) }];
    if (kind === "delivery" && this.left.copies > 0)
      choices.push({
        take: () => {
          this.left.copies -= 1;
          return this.scheduler.takeCopy(open);
        },
      });
    const killable = this.left.kills > 0 && task !== undefined && task.kind !== "job" && kind === "call";
    for (const fault of ["worker killed before a call", "worker killed after a call"] as const) {
      if (killable)
        choices.push({
          kills: true,
          take: () => {
            this.left.kills -= 1;
            this.world.ledger.disturb(task, fault);
            return this.scheduler.take(open, fault);
          },
        });
    }
    return choices;
  }

  private choices(): Choice[] {
    const { open } = this.scheduler;
    const choices = open.flatMap((each) => this.choicesFor(each));
    if (choices.length > 0 && this.left.delays > 0)
      choices.push({
        take: async () => {
          this.left.delays -= 1;
          for (const task of this.world.live) this.world.ledger.recordZombie(task);
          await this.simulation.goOn();
        },
      });
    const cancel = this.simulation.cancellation();
    if (this.left.cancels > 0 && cancel !== undefined && !this.simulation.hasEnded())
      choices.push({
        take: () => {
          this.left.cancels -= 1;
          return cancel();
        },
      });
    return choices;
  }

  /** The state as a number of 53 bits. Two states are unlikely to share it. */
  private get state(): number {
    const text = `${Object.values(this.left).join()}\n${stateText(this.world, this.scheduler, this.histories)}`;
    return hashOf(1, text) * 2097152 + (hashOf(2, text) >>> 11);
  }

  /** @returns whether it reached the end, and not only a known state */
  async run(prefix: readonly number[], known: Set<number>): Promise<boolean> {
    const { violations } = this.world;
    while (!violations.any) {
      const choices = this.choices();
      if (choices.length === 0) {
        if (await this.simulation.goOn()) continue;
        break;
      }
      const place = this.path.length;
      if (place >= prefix.length && choices.length > 1) {
        const { state } = this;
        if (known.has(state)) return false;
        known.add(state);
      }
      const chosen = prefix[place] ?? 0;
      this.path.push({ chosen, of: choices.length });
      if (place >= prefix.length) this.crashPoints += choices.filter(({ kills }) => kills).length;
      await choices[chosen]?.take();
    }
    await this.simulation.check();
    return true;
  }
}

/**
 * Goes through every order in which the calls of two workers can happen, and every place at which the budget's faults
 * can. This is a depth-first search: each execution starts from the beginning and follows the choices that lead to its
 * place. Known states aren't explored a second time.
 *
 * @param limit max. number of executions
 */
export async function explore(spec: PipelineSpec, budget: Budget, limit: number): Promise<Exploration> {
  const known = new Set<number>();
  const found: Exploration = { states: 0, executions: 0, ends: 0, crashPoints: 0, complete: true };
  const left: number[][] = [[]];
  for (let prefix = left.pop(); prefix !== undefined; prefix = left.pop()) {
    if (found.executions >= limit) return { ...found, states: known.size, complete: false };
    const execution = new Execution(spec, budget, false);
    found.executions += 1;
    if (await execution.run(prefix, known)) found.ends += 1;
    found.crashPoints += execution.crashPoints;
    const { path } = execution;
    if (execution.simulation.world.violations.any) {
      const again = new Execution(spec, budget, true);
      await again.run(
        path.map(({ chosen }) => chosen),
        new Set(),
      );
      const { violations, trace } = again.simulation.world;
      return { ...found, states: known.size, broken: { violations: violations.all, trace: trace.lines } };
    }
    const chosen = path.map((each) => each.chosen);
    for (let place = prefix.length; place < path.length; place += 1) {
      for (let other = 1; other < (path[place]?.of ?? 0); other += 1)
        left.push([...chosen.slice(0, place), other]);
    }
  }
  return { ...found, states: known.size };
}
