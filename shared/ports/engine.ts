import type { StepSize } from "../pipeline/graph.ts";
import type { Pipeline, StageFacts } from "../pipeline/pipeline.ts";
import type { BackfillStore } from "./backfill-store.ts";
import type { BatchService } from "./batch-service.ts";
import type { Clock } from "./clock.ts";
import type { Log } from "./log.ts";
import type { Meter } from "./meter.ts";
import type { ModelRegistry } from "./model-registry.ts";
import type { Notifier } from "./notifier.ts";
import type { ObjectStore } from "./object-store.ts";
import type { ObjectWaiters } from "./object-waiters.ts";
import type { Publications } from "./publications.ts";
import type { ResultCache } from "./result-cache.ts";
import type { RunStore } from "./run-store.ts";
import type { ScheduleStore } from "./schedule-store.ts";
import type { StepQueue } from "./step-queue.ts";
import type { Watchdog } from "./watchdog.ts";

/** The settings of an engine. */
export type EngineSettings = {
  /** Seconds until the sweep looks at a run again. */
  readonly sweepSeconds: number;
  /** Seconds after which another worker may take over a submission to Batch. */
  readonly submitLeaseSeconds: number;
  /** Seconds that a job may wait for a machine before the attempt fails. */
  readonly runnableSeconds: number;
};

/** Settings that suit AWS. */
export const defaultSettings: EngineSettings = {
  sweepSeconds: 120,
  submitLeaseSeconds: 60,
  runnableSeconds: 3600,
};

/** How much memory a worker has. A function's step may request a large worker; everything else runs on small ones. */
export type WorkerSize = "small" | StepSize;

/** The stage that an engine works in: `dev`, `prod`, … */
export type Stage = StageFacts & {
  /** Default time zone (IANA) for schedules and run names that specify none. */
  readonly timezone: string;
  /** Its AWS region; the local stage has none. */
  readonly region?: string;
};

/** The stage of an engine within the process. Its jobs request exactly what their contracts say. */
export const localStage: Stage = { name: "local", gpus: true, timezone: "UTC" };

/** Everything that the engine's functions work with. Two engines differ only in what stands behind the ports. */
export type Engine = {
  readonly stage: Stage;
  readonly pipelines: ReadonlyMap<string, Pipeline>;
  /** Content hash of each job family's image, by family: a job's cached result depends on it. */
  readonly jobVersions: ReadonlyMap<string, string>;
  /** Git commit that was deployed, or `unknown` and the reason. */
  readonly commit: string;
  readonly store: RunStore;
  readonly waiters: ObjectWaiters;
  readonly cache: ResultCache;
  readonly models: ModelRegistry;
  readonly publications: Publications;
  readonly schedules: ScheduleStore;
  readonly backfills: BackfillStore;
  /** Takes every hint; its workers are small. */
  readonly queue: StepQueue;
  /** Takes the hints that small workers forward to large ones. Nobody else sends to it. */
  readonly largeQueue: StepQueue;
  /** Size of the worker that this engine runs in. */
  readonly workerSize: WorkerSize;
  readonly batch: BatchService;
  readonly objects: ObjectStore;
  readonly notifier: Notifier;
  readonly clock: Clock;
  /** Notices functions that block their worker. */
  readonly watchdog: Watchdog;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  readonly log: Log;
  /** Where these lines go, as `group:stream`; undefined if others can't look there. */
  readonly logPlace?: string;
  readonly meter: Meter;
  readonly settings: EngineSettings;
};
