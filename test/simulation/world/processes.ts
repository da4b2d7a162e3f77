import { functionJobs } from "../../../shared/batch/function-jobs.ts";
import { jobsByPlace } from "../../../shared/batch/jobs-by-place.ts";
import type { BatchService } from "../../../shared/ports/batch-service.ts";
import type { Engine, WorkerSize } from "../../../shared/ports/engine.ts";
import type { FunctionInvoker } from "../../../shared/ports/function-invoker.ts";
import type { FaultPlan } from "../faults/fault-plan.ts";
import type { Random } from "../random.ts";
import { type Gate, gatedPort } from "./gated-port.ts";
import type { Task } from "./task.ts";

/** Fields of an engine that aren't ports. */
const plain: ReadonlySet<string> = new Set([
  "pipelines",
  "stage",
  "clock",
  "watchdog",
  "random",
  "log",
  "meter",
  "settings",
  "commit",
  "workerSize",
]);

/** What the engine of each process gets from the world. */
type Parts = Pick<Engine, "clock" | "watchdog"> & { readonly running: () => Task };

/** The processes in which workers run. Each has an engine, whose ports are behind the gate. */
export class Processes {
  /** Whether one process serves several workers in sequence, as on Lambda. */
  reuse = true;
  /** The functions that run jobs, if there are any. */
  functions: FunctionInvoker | undefined;
  private readonly plan: FaultPlan;
  private readonly call: Gate;
  private readonly parts: Parts;
  private base: Engine;
  private free: Engine[] = [];
  private readonly busy = new WeakMap<Task, Engine>();
  private readonly draws = new WeakMap<Task, Random>();

  constructor(base: Engine, plan: FaultPlan, call: Gate, parts: Parts) {
    this.base = base;
    this.plan = plan;
    this.call = call;
    this.parts = parts;
  }

  /** Replaces parts of the engine. */
  equip(replaced: Partial<Engine>): void {
    this.base = { ...this.base, ...replaced };
  }

  /** Deploys pipelines. Old processes aren't used again, so every worker that begins now has them. */
  deploy(pipelines: Engine["pipelines"]): void {
    this.base = { ...this.base, pipelines };
    this.free = [];
  }

  /** A process: all ports of its engine are behind the gate, and the clock is that of the active worker. */
  private startProcess(workerSize: WorkerSize): Engine {
    const { running, clock, watchdog } = this.parts;
    const ports = Object.entries(this.base).flatMap(([key, port]) =>
      plain.has(key) || port instanceof Map
        ? []
        : [[key, gatedPort(key, port as object, this.call, running)]],
    );
    const random = () => {
      const task = running();
      const draws = this.draws.get(task) ?? this.plan.drawsFor(task.name);
      this.draws.set(task, draws);
      return draws.next();
    };
    const engine: Engine = { ...this.base, ...Object.fromEntries(ports) };
    return {
      ...engine,
      batch: this.withFunctions(engine),
      clock,
      watchdog,
      random,
      workerSize,
    };
  }

  /** The jobs of an engine, some of which are functions. Each call to AWS that these take is behind the gate. */
  private withFunctions({ objects, batch }: Engine): BatchService {
    if (this.functions === undefined) return batch;
    const { running, clock } = this.parts;
    const invoker = gatedPort("functions", this.functions, this.call, running);
    return jobsByPlace(functionJobs({ objects, invoker, clock }), batch);
  }

  /** A process for a worker: a free one, which may remember what earlier workers read, or a new one. */
  engineFor(task: Task): Engine {
    const { workerSize } = task;
    const place = this.free.findLastIndex((engine) => engine.workerSize === workerSize);
    const [engine] = this.reuse && place >= 0 ? this.free.splice(place, 1) : [];
    const own = engine ?? this.startProcess(workerSize);
    this.busy.set(task, own);
    return own;
  }

  /** A worker ended, so its process is free for the next. */
  release(task: Task): void {
    const engine = this.busy.get(task);
    // If the worker still reads something, others in the process would wait for it. Such a process isn't reused.
    if (task.pending === 0 && engine !== undefined && engine.pipelines === this.base.pipelines)
      this.free.push(engine);
  }
}
