import * as z from "zod";
import type { Graph } from "../pipeline/graph.ts";
import type { Json } from "../pipeline/json.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { runNameFrom } from "../pipeline/run-name.ts";
import { tagsInOrder } from "../pipeline/tag.ts";
import { limitsOf, maxSlots, queueOf } from "../pipeline/work-queue.ts";
import type { Engine } from "../ports/engine.ts";
import { plan } from "../state/plan.ts";
import { type Cause, type Limit, noProgress, type RunningRun, type WaitingRun } from "../state/run.ts";
import { openingState } from "../state/run-changes.ts";
import { admitOrWait } from "./admit-runs.ts";
import { dispatch } from "./dispatch.ts";
import { endRun } from "./end-run.ts";
import { nextSweep } from "./next-sweep.ts";
import { ParamsError, PipelineNotFoundError } from "./run-errors.ts";
import { graphOf } from "./run-graph.ts";
import { runIdOf } from "./run-id.ts";
import { wantRun } from "./want-run.ts";

/** A request to start a run. */
export type StartRequest = {
  pipeline: string;
  /** Missing fields take their defaults. */
  params?: Json;
  /** The time that the run is for, ISO 8601; the default is now. A run for a future time waits for it. */
  scheduledAt?: string;
  /** Whether the run begins now even if its time is in the future: the time may come from a clock that is ahead. */
  atOnce?: boolean;
  cause: Cause;
  /** Text that distinguishes causes for the same pipeline and time. The same text and time never start a second run. */
  causeKey: string;
  name?: string;
  /** Priority in its work queue; the default is its pipeline's. */
  priority?: number;
  /** Whether the run ignores cached results, and replaces them. */
  refresh?: boolean;
  /** Tags in addition to its pipeline's. */
  tags?: readonly string[];
  /** A limit that it needs a slot of, in addition to its pipeline's. */
  limit?: Limit;
};

/** The run of a request, and whether this request created it. */
export type StartedRun = { runId: string; name: string; created: boolean };

/** Maximum size in bytes of a run's parameters. They're part of its item, and every join of a step writes that item. */
const maxParams = 64 * 1024;

/** Milliseconds that a time may be ahead of our clock and still count as now; the time of an S3 event may be ahead. */
const clockSkew = 5000;

/** A wrong value for its error message, if it's short. */
function shown(value: unknown): string {
  const text = typeof value === "object" && value !== null ? undefined : JSON.stringify(value);
  return text === undefined || text.length > 60 ? "" : ` is ${text}`;
}

/**
 * A run's parameters, parsed by its pipeline, with defaults.
 *
 * @throws ParamsError naming each wrong field
 */
export function checkedParams(pipeline: Pipeline, params: Json): Json {
  const parsed = pipeline.params.safeParse(params, { reportInput: true });
  const { name } = pipeline;
  if (!parsed.success) {
    const lines = parsed.error.issues.map(
      ({ path, message, input }) => `${["params", ...path].join(".")}${shown(input)}: ${message}`,
    );
    const hasUnknownKeys = parsed.error.issues.some(
      ({ code, path }) => code === "unrecognized_keys" && path.length === 0,
    );
    const known =
      hasUnknownKeys && pipeline.params instanceof z.ZodObject ? Object.keys(pipeline.params.shape) : [];
    const takes = known.length === 0 ? "" : `. Its params are ${known.join(", ")}`;
    throw new ParamsError(`pipeline ${name} was not started: ${lines.join("; ")}${takes}`);
  }
  const bytes = Buffer.byteLength(JSON.stringify(parsed.data));
  if (bytes <= maxParams) return parsed.data;
  throw new ParamsError(`pipeline ${name} was not started: params: ${bytes} bytes; at most ${maxParams}`, {
    remedy: "Put large data into S3 and pass its location.",
  });
}

/**
 * The limits that a run needs slots of. A child needs no slot of its work queue, because it works within its parent's
 * slot. Otherwise a parent could wait forever for a child that waits for a slot.
 */
function limitsFor(pipeline: Pipeline, { cause, limit }: StartRequest): Limit[] {
  const defined = limitsOf(pipeline).filter(({ of }) => of === "pipeline" || cause.kind !== "step");
  return [
    ...(limit === undefined ? [] : [limit]),
    ...defined.map(({ name, slots = maxSlots }) => ({ name, limit: slots })),
  ];
}

/** Kinds of causes whose run a backfill may have started before, for the same pipeline and time. */
const mayShare: ReadonlySet<Cause["kind"]> = new Set(["backfill", "schedule", "manual"]);

/**
 * Whether a run waits for its slots whatever its pipeline says. A collision passes, but if it cancelled a child, it
 * would fail the parent's step, and if it cancelled a backfill's run, the backfill would lose that time.
 */
function waitsAlways({ kind }: Cause): boolean {
  return kind === "step" || kind === "backfill";
}

/** A run's name: the requested one, or the one that its pipeline's definition gives, or its pipeline and time. */
function nameOf(
  { stage }: Engine,
  { name, runName }: Pipeline,
  request: StartRequest,
  scheduledAt: string,
  params: Json,
): string {
  if (request.name !== undefined) return request.name;
  if (runName === undefined) return `${name}-${scheduledAt.slice(0, 19).replace(/[T:]/g, "-")}`;
  return runNameFrom(runName, { pipeline: name, params, scheduledAt }, stage.timezone);
}

/** Whether the functions know the commit of their code. Otherwise they have a reason in its place. */
const isKnownCommit = (commit: string) => !commit.startsWith("unknown");

function newRun(
  engine: Engine,
  pipeline: Pipeline,
  request: StartRequest,
  params: Json,
): WaitingRun | RunningRun {
  const now = engine.clock.now();
  const startedAt = new Date(now).toISOString();
  const scheduledAt = new Date(request.scheduledAt ?? now).toISOString();
  const { concurrency } = pipeline;
  const limits = limitsFor(pipeline, request);
  // A child takes its parent's time. A person may have started the parent before that time, so the child doesn't wait
  // for it.
  const mayWait = request.cause.kind !== "step" && request.atOnce !== true;
  const waits = mayWait && Date.parse(scheduledAt) > now + clockSkew;
  const state = waits ? "SCHEDULED" : openingState({ limits });
  const facts = {
    runId: runIdOf(pipeline.name, scheduledAt, request.causeKey),
    pipeline: pipeline.name,
    graphHash: pipeline.graphHash,
    ...(isKnownCommit(engine.commit) && { commit: engine.commit }),
    name: nameOf(engine, pipeline, request, scheduledAt, params),
    params,
    cause: request.cause,
    scheduledAt,
    startedAt,
    epoch: 1,
    progress: noProgress,
    queue: queueOf(pipeline),
    priority: request.priority ?? concurrency.priority,
    limits,
    onCollision: waitsAlways(request.cause) ? ("queue" as const) : concurrency.onCollision,
    refresh: request.refresh ?? false,
    tags: tagsInOrder([...pipeline.tags, ...(request.tags ?? [])]),
  };
  return state === "RUNNING" ? { ...facts, state, activeSince: startedAt } : { ...facts, state };
}

/**
 * Starts a run that was created or reopened, or whose time has come: sends the hints for its ready steps, or lets it
 * wait for its slots. Safe to repeat.
 */
export async function beginRun(engine: Engine, run: WaitingRun | RunningRun): Promise<void> {
  const graph = await graphOf(engine, run);
  if (run.state === "RUNNING") return dispatch(engine, run, graph, plan(graph, run.progress).ready);
  if (run.state !== "QUEUED" || (await admitOrWait(engine, run)) !== "cancel") return;
  const reason = `${run.pipeline} has no slot left (${run.limits.map(({ name, limit }) => `${name}: ${limit}`).join(", ")}), and its runs do not wait`;
  // `unbegun`, because somebody else may have found a slot for the run meanwhile. Then it's under way, and a cancel
  // would have to end its steps.
  const move = { to: "CANCELLING", endsAs: "CANCELLED", reason, unbegun: true } as const;
  const moved = await engine.store.moveRun(run.runId, run.epoch, move, engine.clock.now());
  if (moved?.state === "CANCELLING" && moved.epoch === run.epoch && moved.activeSince === undefined)
    await endRun(engine, moved, graph, "CANCELLED");
}

/** When the sweep first looks at a run, in epoch milliseconds: at the latest when its time is up. */
function firstLook(engine: Engine, run: WaitingRun | RunningRun, { timeout }: Graph): number {
  if (run.state === "SCHEDULED") return Date.parse(run.scheduledAt);
  const deadline = engine.clock.now() + (timeout ?? Number.POSITIVE_INFINITY) * 1000;
  return Math.min(nextSweep(engine), deadline);
}

/**
 * Starts a run, unless the same cause already did.
 *
 * @throws PipelineNotFoundError
 * @throws ParamsError before anything is stored
 */
export async function startRun(engine: Engine, request: StartRequest): Promise<StartedRun> {
  const pipeline = engine.pipelines.get(request.pipeline);
  if (pipeline === undefined) throw new PipelineNotFoundError(request.pipeline, engine.pipelines.keys());
  const params = checkedParams(pipeline, request.params ?? {});
  const run = newRun(engine, pipeline, request, params);
  const { runId, name } = run;
  await engine.store.putGraph(pipeline.graphHash, pipeline.graph);
  const outcome = await engine.store.createRun(run, firstLook(engine, run, pipeline.graph));
  if (outcome === "exists") {
    const { cause } = request;
    if (mayShare.has(cause.kind)) {
      await wantRun(engine, runId, cause.kind === "backfill" ? cause.backfill : cause.kind);
    }
    return { runId, name, created: false };
  }
  // If the worker crashes from here on, the run has no hints; the sweep sends them.
  await beginRun(engine, run);
  engine.log.info("run started", {
    runId,
    pipeline: pipeline.name,
    name,
    cause: run.cause,
    state: run.state,
  });
  engine.meter.count("RunStarted", { pipeline: pipeline.name });
  return { runId, name, created: true };
}
