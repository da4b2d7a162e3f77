import type { Graph } from "../pipeline/graph.ts";
import {
  type ActiveRun,
  type EndState,
  isActive,
  type Outcome,
  type Run,
  type RunError,
} from "../state/run.ts";
import type { StepKey, StepRecord } from "../state/step-record.ts";
import { listingKey, summaryOf } from "./run-listing.ts";
import type {
  PutResult,
  RunFilter,
  RunPage,
  RunStore,
  StoredStep,
  Tally,
  TallyKey,
  Version,
} from "./run-store.ts";

type DueRun = { readonly run: Run; readonly dueAt?: number };

/** Sorts as DynamoDB sorts the same key: children by index, then the map. */
const memberKey = (member: number | "map") => (member === "map" ? "map" : String(member).padStart(5, "0"));
const stepKey = ({ runId, step, index }: StepKey) => `${runId}#STEP#${step}#${memberKey(index)}`;
const tallyKey = ({ runId, step, shard }: TallyKey) => `${runId}#${step}#${memberKey(shard)}`;
const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** A run store that forgets everything with the process: for tests, simulation and pipelines run in one process. */
export class MemoryRunStore implements RunStore {
  private readonly graphs = new Map<string, Graph>();
  private readonly runs = new Map<string, DueRun>();
  private readonly steps = new Map<string, StoredStep>();
  private readonly tallies = new Map<string, Tally>();
  private writes = 0;

  async putGraph(hash: string, graph: Graph): Promise<void> {
    if (!this.graphs.has(hash)) this.graphs.set(hash, structuredClone(graph));
  }

  async getGraph(hash: string): Promise<Graph | undefined> {
    return structuredClone(this.graphs.get(hash));
  }

  async createRun(run: ActiveRun, dueAt: number): Promise<"created" | "exists"> {
    if (this.runs.has(run.runId)) return "exists";
    this.runs.set(run.runId, { run: structuredClone(run), dueAt });
    return "created";
  }

  async getRun(runId: string): Promise<Run | undefined> {
    return structuredClone(this.runs.get(runId)?.run);
  }

  async joinRun(
    runId: string,
    epoch: number,
    step: number,
    outcome: Outcome,
    error?: RunError,
  ): Promise<Run | undefined> {
    const stored = this.runs.get(runId);
    if (stored === undefined || stored.run.epoch !== epoch || !isActive(stored.run)) return undefined;
    const { run } = stored;
    const first = run.error ?? error;
    const joined: ActiveRun = {
      ...run,
      progress: { ...run.progress, [outcome]: new Set([...run.progress[outcome], step]) },
      ...(first && { error: { ...first } }),
    };
    this.runs.set(runId, { ...stored, run: joined });
    return structuredClone(joined);
  }

  async requestCancel(runId: string, dueAt: number): Promise<Run | undefined> {
    const stored = this.runs.get(runId);
    if (stored?.run.state !== "RUNNING") return structuredClone(stored?.run);
    const run: ActiveRun = { ...stored.run, state: "CANCELLING" };
    this.runs.set(runId, { run, dueAt });
    return structuredClone(run);
  }

  async endRun(
    runId: string,
    epoch: number,
    from: ActiveRun["state"],
    to: EndState,
    endedAt: string,
  ): Promise<boolean> {
    const run = this.runs.get(runId)?.run;
    if (run === undefined || run.epoch !== epoch) return false;
    if (!isActive(run)) return run.state === to && run.endedAt === endedAt;
    if (run.state !== from) return false;
    this.runs.set(runId, { run: { ...run, state: to, endedAt } });
    return true;
  }

  async reopenRun(runId: string, epoch: number, dueAt: number): Promise<Run | undefined> {
    const stored = this.runs.get(runId);
    if (stored === undefined) return undefined;
    const { run } = stored;
    const repeated = run.epoch === epoch + 1 && run.state === "RUNNING" && stored.dueAt === dueAt;
    if (repeated) return structuredClone(run);
    if (run.epoch !== epoch || !(run.state === "FAILED" || run.state === "CANCELLED")) return undefined;
    const { endedAt: _endedAt, error: _error, ...facts } = run;
    const progress = { ...run.progress, failed: new Set<number>() };
    const reopened: ActiveRun = { ...facts, state: "RUNNING", epoch: epoch + 1, progress };
    this.runs.set(runId, { run: reopened, dueAt });
    return structuredClone(reopened);
  }

  async dueRuns(now: number, limit: number): Promise<string[]> {
    return [...this.runs.values()]
      .flatMap(({ run, dueAt }) => (dueAt !== undefined && dueAt <= now ? [{ runId: run.runId, dueAt }] : []))
      .sort((a, b) => a.dueAt - b.dueAt || byText(a.runId, b.runId))
      .slice(0, limit)
      .map(({ runId }) => runId);
  }

  async deferRun(runId: string, dueAt: number): Promise<void> {
    const stored = this.runs.get(runId);
    if (stored !== undefined && isActive(stored.run)) this.runs.set(runId, { ...stored, dueAt });
  }

  async listRuns(filter: RunFilter, limit: number, from?: string): Promise<RunPage> {
    const found = [...this.runs.values()]
      .map(({ run }) => run)
      .filter((run) => filter.pipeline === undefined || run.pipeline === filter.pipeline)
      .filter((run) => filter.state === undefined || run.state === filter.state)
      .filter((run) => from === undefined || listingKey(run) < from)
      .sort((a, b) => byText(listingKey(b), listingKey(a)));
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      runs: page.map(summaryOf),
      ...(last && found.length > limit && { next: listingKey(last) }),
    };
  }

  async getStep(key: StepKey): Promise<StoredStep | undefined> {
    return structuredClone(this.steps.get(stepKey(key)));
  }

  async getSteps(keys: readonly StepKey[]): Promise<StoredStep[]> {
    const found = [...new Set(keys.map(stepKey))].map((key) => this.steps.get(key));
    return structuredClone(found.filter((record) => record !== undefined));
  }

  async listSteps(runId: string, step?: string): Promise<StoredStep[]> {
    const prefix = step === undefined ? `${runId}#STEP#` : `${runId}#STEP#${step}#`;
    const found = [...this.steps].filter(([key]) => key.startsWith(prefix));
    return structuredClone(found.sort(([a], [b]) => byText(a, b)).map(([, record]) => record));
  }

  async putStep(next: StepRecord, previous: Version | undefined): Promise<PutResult> {
    const key = stepKey(next);
    const current = this.steps.get(key);
    if (current?.version !== previous) return { ok: false, current: structuredClone(current) };
    this.writes += 1;
    const record: StoredStep = { ...structuredClone(next), version: String(this.writes) };
    this.steps.set(key, record);
    return { ok: true, record: structuredClone(record) };
  }

  async openTally(key: TallyKey, epoch: number, size: number): Promise<void> {
    const current = this.tallies.get(tallyKey(key));
    if (current !== undefined && current.epoch >= epoch) return;
    this.tallies.set(tallyKey(key), { size, epoch, done: current?.done ?? new Set(), failed: new Set() });
  }

  async joinTally(
    key: TallyKey,
    epoch: number,
    member: number,
    outcome: Exclude<Outcome, "skipped">,
  ): Promise<Tally | undefined> {
    const current = this.tallies.get(tallyKey(key));
    if (current?.epoch !== epoch) return undefined;
    const joined: Tally = { ...current, [outcome]: new Set([...current[outcome], member]) };
    this.tallies.set(tallyKey(key), joined);
    return { ...joined, done: new Set(joined.done), failed: new Set(joined.failed) };
  }

  async getTally(key: TallyKey): Promise<Tally | undefined> {
    return structuredClone(this.tallies.get(tallyKey(key)));
  }
}
