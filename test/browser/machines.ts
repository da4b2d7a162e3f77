import type { MemoryLogReader } from "../../shared/adapters/memory/memory-log-reader.ts";
import { handleJob } from "../../shared/jobs/handle-job.ts";
import { isJsonObject, type Json } from "../../shared/pipeline/json.ts";
import type { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { type JobFunction, runJob } from "../../shared/testing/run-job.ts";
import { sweepRuns } from "../../shared/worker/sweep-run.ts";

/** A stand-in for a job that takes its time and writes a log. */
export type SlowJob = {
  readonly work: JobFunction;
  readonly seconds: number;
  /** What it writes, evenly spread over its time. */
  readonly lines?: readonly string[];
};

/** Something that will happen, in epoch milliseconds. */
type Happening = { readonly at: number; readonly act: () => Promise<void> };

/** Seconds from a job's submission to its start: a machine is started for it. */
const startSeconds = 38;

/** Machines for an engine in memory: jobs work side by side in virtual time, so that runs look as they do on AWS. */
export class Machines {
  private readonly memory: MemoryEngine;
  private readonly logs: MemoryLogReader;
  private readonly jobs: Readonly<Record<string, SlowJob>>;
  private readonly seen = new Set<string>();
  private happenings: Happening[] = [];

  constructor(memory: MemoryEngine, logs: MemoryLogReader, jobs: Readonly<Record<string, SlowJob>>) {
    this.memory = memory;
    this.logs = logs;
    this.jobs = jobs;
  }

  /** Plans the start and the end of jobs that were submitted since the last look. */
  private plan(): void {
    const { batch, clock } = this.memory;
    for (const detail of batch.waiting()) {
      if (this.seen.has(detail.id)) continue;
      this.seen.add(detail.id);
      const name = detail.environment.MILLRACE_JOB ?? "";
      const job = this.jobs[name];
      if (job === undefined) throw new Error(`job ${name} has no stand-in`);
      const { work, lines = [] } = job;
      // Not all children of a map take the same time.
      const length = job.seconds * 1000 * (1 + (detail.arrayIndex ?? 0) * 0.06);
      const begins = clock.now() + startSeconds * 1000;
      const stream = `${name.replace(".", "-")}/default/${detail.id.replace(":", "-")}`;
      batch.wait(detail.id);
      this.at(begins, async () => batch.begin(detail.id, stream));
      for (const [place, text] of lines.entries()) {
        const at = begins + ((place + 1) * length) / (lines.length + 1);
        this.at(at, async () => this.logs.write(`/aws/batch/job:${stream}`, [{ at, text }]));
      }
      this.at(begins + length, async () =>
        batch.finish(detail.id, await runJob(this.memory.objects, detail, work)),
      );
    }
  }

  /** Lets something happen at a time. */
  at(at: number, act: () => Promise<void>): void {
    this.happenings.push({ at, act });
  }

  /** What is due now. Returns whether there was anything. */
  private async turn(): Promise<boolean> {
    const { memory } = this;
    const handled = await memory.handleMessages();
    const events = memory.batch.takeEvents();
    for (const event of events) await handleJob(memory.engine, event);
    this.plan();
    return handled + events.length > 0;
  }

  /** Moves time on, and everything that happens meanwhile. @param until epoch milliseconds */
  async runUntil(until: number): Promise<void> {
    const { clock } = this.memory;
    let swept = clock.now();
    for (;;) {
      if (await this.turn()) continue;
      const next = this.happenings.toSorted((a, b) => a.at - b.at)[0];
      const at = Math.min(next?.at ?? until, this.memory.nextMessageAt() ?? until, until);
      if (at > clock.now()) clock.moveTo(at);
      if (clock.now() - swept > 60_000) {
        swept = clock.now();
        await sweepRuns(this.memory.engine);
      }
      if (next !== undefined && next.at <= clock.now()) {
        this.happenings = this.happenings.filter((each) => each !== next);
        await next.act();
      } else if (clock.now() >= until && !(await this.turn())) return;
    }
  }
}

/** A field of a job's input. @throws Error if it lacks it */
export function fieldOf(input: Json, name: string): Json {
  const value = isJsonObject(input) ? input[name] : undefined;
  if (value === undefined) throw new Error(`the input has no ${name}`);
  return value;
}
