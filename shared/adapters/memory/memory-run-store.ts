import { shardOf } from "../../objects/layout.ts";
import type { Graph } from "../../pipeline/graph.ts";
import type {
  Admission,
  FoundRecord,
  Page,
  PutResult,
  RunFilter,
  RunPage,
  RunStore,
  StepsPlace,
  StoredStep,
  Tally,
  TallyKey,
  Version,
} from "../../ports/run-store.ts";
import type { CountedEnd } from "../../state/counted-end.ts";
import {
  addedAmounts,
  countedAt,
  type DayFigures,
  type FiguresChange,
  type FiguresFilter,
  figuresChanges,
  figuresOf,
  inFiguresOrder,
} from "../../state/figures.ts";
import { hasKnownWords, readOutline, readStep } from "../../state/read-step.ts";
import {
  hasJoined,
  isActive,
  isEnded,
  isKnownRun,
  joiningStates,
  knownRun,
  type Outcome,
  type Run,
  type RunError,
  type RunningRun,
  type RunState,
  statesBefore,
  summaryOf,
  type WaitingRun,
} from "../../state/run.ts";
import { endedFrom, moved, type RunEnd, type RunMove, reopenedFrom } from "../../state/run-changes.ts";
import { listingKey, waitingKey } from "../../state/run-listing.ts";
import { limitNames, mayMove } from "../../state/run-slots.ts";
import { laneOf, type Slots, type WaitingPlace } from "../../state/slots.ts";
import { type Price, spentMore } from "../../state/spending.ts";
import {
  type ApprovalStep,
  largeFields,
  type StepKey,
  type StepOutline,
  type StepRecord,
} from "../../state/step-record.ts";
import { waitingIn } from "../../state/waiting-approval.ts";
import { mayBeWanted, sameWanters, wantersOf } from "../../state/wanters.ts";
import { copyState } from "./copy-state.ts";

type DueRun = { readonly run: Run; readonly dueAt?: number };

/** Sorts as DynamoDB sorts the same key: children by index, then the map. */
const memberKey = (member: number | "map") => (member === "map" ? "map" : String(member).padStart(5, "0"));
const stepKey = ({ runId, step, index }: StepKey) => `${runId}#STEP#${step}#${memberKey(index)}`;
const tallyKey = ({ runId, step, shard }: TallyKey) => `${runId}#${step}#${memberKey(shard)}`;
const joins = (run: Run) => (joiningStates as readonly string[]).includes(run.state);
const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

function placeOf(run: Run): WaitingPlace {
  const limits = limitNames(run);
  return { runId: run.runId, limits, queue: run.queue, lane: laneOf(limits), order: waitingKey(run) };
}

function found(record: StoredStep | undefined): FoundRecord | undefined {
  if (record === undefined || hasKnownWords(record)) return copyState(record);
  return { ...readStep(copyState(record)), version: record.version };
}

function outlineOf(record: StoredStep): StepOutline {
  const { version: _version, ...fields } = copyState(record);
  for (const name of largeFields) if (name in fields) Reflect.deleteProperty(fields, name);
  if (!("error" in fields) || fields.error === undefined) return readOutline(fields);
  const { stack: _stack, log: _log, ...error } = fields.error;
  return readOutline({ ...fields, error });
}

/** A run store whose content is lost when the process ends: for tests, simulation and pipelines run in one process. */
export class MemoryRunStore implements RunStore {
  /** Number of changes. Rewriting the same content doesn't count, nor does moving the sweep's next look. */
  changes = 0;
  /** How many records a page of a listing of steps has. */
  stepsPerPage = 200;
  private readonly graphs = new Map<string, Graph>();
  private readonly causes = new Map<string, string>();
  private readonly runs = new Map<string, DueRun>();
  private readonly steps = new Map<string, StoredStep>();
  private readonly tallies = new Map<string, Tally>();
  private readonly slots = new Map<string, Slots>();
  private readonly figures = new Map<string, FiguresChange>();
  private writes = 0;

  async putGraph(hash: string, graph: Graph): Promise<void> {
    if (!this.graphs.has(hash)) this.graphs.set(hash, copyState(graph));
  }

  async getGraph(hash: string): Promise<Graph | undefined> {
    return copyState(this.graphs.get(hash));
  }

  async createRun(run: WaitingRun | RunningRun, dueAt: number): Promise<"created" | "exists"> {
    if (this.runs.has(run.runId)) return "exists";
    this.put(run, dueAt);
    return "created";
  }

  async getRun(runId: string): Promise<Run | undefined> {
    return copyState(this.runOf(runId));
  }

  async getRuns(runIds: readonly string[]): Promise<Run[]> {
    const found = [...new Set(runIds)].flatMap((runId) => this.runs.get(runId)?.run ?? []);
    return found.filter(isKnownRun).map(copyState);
  }

  private runOf(runId: string): Run | undefined {
    const run = this.runs.get(runId)?.run;
    return run && knownRun(run);
  }

  async joinRun(
    runId: string,
    epoch: number,
    step: number,
    outcome: Outcome,
    error?: RunError,
    price?: Price,
  ): Promise<Run | undefined> {
    const stored = this.runs.get(runId);
    if (stored === undefined || stored.run.epoch !== epoch || !joins(stored.run)) return undefined;
    const { run } = stored;
    if (hasJoined(run, step)) return copyState(run);
    const first = run.error ?? error;
    const joined: Run = {
      ...run,
      progress: { ...run.progress, [outcome]: new Set([...run.progress[outcome], step]) },
      ...spentMore(run, price),
      ...(first && { error: first }),
    };
    this.put(joined, stored.dueAt);
    return copyState(joined);
  }

  async moveRun(runId: string, epoch: number, move: RunMove, dueAt: number): Promise<Run | undefined> {
    const run = this.runOf(runId);
    const allowed = run?.epoch === epoch && isActive(run) && mayMove(run, move);
    if (allowed) this.put({ ...run, ...moved(move) }, dueAt);
    return copyState(this.runs.get(runId)?.run);
  }

  async admitRun(run: Run, activeSince: string, dueAt: number): Promise<Admission> {
    const { runId, epoch, limits } = run;
    const current = this.runs.get(runId)?.run;
    if (current?.epoch !== epoch) return "gone";
    if (current.state === "RUNNING" && current.activeSince === activeSince) return "admitted";
    if (current.state !== "QUEUED") return "gone";
    const full = limits.filter(({ name, limit }) => {
      const { holders, limit: set } = this.slotsOf(name);
      return !holders.has(runId) && holders.size >= (set ?? limit);
    });
    if (full.length > 0) return { full: limitNames({ limits: full }) };
    for (const { name } of limits) {
      const slots = this.slotsOf(name);
      this.slots.set(name, { ...slots, holders: new Set([...slots.holders, runId]) });
    }
    this.put({ ...current, state: "RUNNING", activeSince }, dueAt);
    return "admitted";
  }

  async endRun(asRead: Run, end: RunEnd, dueAt?: number): Promise<boolean> {
    const { runId, epoch, priced } = asRead;
    const { to, endedAt, unjoined } = end;
    const run = this.runs.get(runId)?.run;
    if (run === undefined || run.epoch !== epoch) return false;
    if (!isActive(run)) return run.state === to && run.endedAt === endedAt;
    if (!statesBefore(to).includes(run.state)) return false;
    if (run.state === "CANCELLING" && run.endsAs !== to) return false;
    if (unjoined !== undefined && run.priced !== priced) return false;
    for (const { name } of run.limits) {
      const slots = this.slotsOf(name);
      this.slots.set(name, {
        ...slots,
        holders: new Set([...slots.holders].filter((holder) => holder !== runId)),
      });
    }
    const counted = countedAt(asRead, end);
    this.count(run, asRead.counted, counted);
    this.put({ ...endedFrom(run, end), counted }, dueAt);
    return true;
  }

  private count({ pipeline }: Run, before: CountedEnd | undefined, after: CountedEnd | undefined): void {
    for (const { day, amounts } of figuresChanges(pipeline, before, after)) {
      const key = `${day}#${pipeline}`;
      const { amounts: others = {} } = this.figures.get(key) ?? {};
      this.figures.set(key, { day, pipeline, amounts: addedAmounts([others, amounts]) });
    }
  }

  async listFigures({ since, until, pipeline }: FiguresFilter): Promise<DayFigures[]> {
    const all = [...this.figures.values()].flatMap((each): DayFigures[] => {
      if (each.day < since || each.day > until) return [];
      if (pipeline !== undefined && each.pipeline !== pipeline) return [];
      const figures = figuresOf(each.day, each.pipeline, each.amounts);
      return figures === undefined ? [] : [figures];
    });
    return inFiguresOrder(all);
  }

  async closeRun(runId: string, epoch: number): Promise<void> {
    const run = this.runs.get(runId)?.run;
    if (run !== undefined && run.epoch === epoch && isEnded(run)) this.put(run, undefined);
  }

  async reopenRun(
    { runId, epoch }: Run,
    openedAt: string,
    dueAt: number,
    wanter = "manual",
  ): Promise<Run | undefined> {
    const stored = this.runs.get(runId);
    if (stored === undefined) return undefined;
    const { run } = stored;
    if (run.epoch === epoch + 1 && isActive(run) && stored.dueAt === dueAt) return copyState(run);
    if (run.epoch !== epoch || !isEnded(run) || run.state === "SUCCEEDED") return undefined;
    this.count(run, run.counted, undefined);
    this.put(reopenedFrom(run, openedAt, wanter), dueAt);
    return copyState(this.runs.get(runId)?.run);
  }

  async setWanters(run: Run, wantedBy: ReadonlySet<string>): Promise<boolean> {
    const stored = this.runs.get(run.runId);
    if (stored === undefined || stored.run.epoch !== run.epoch || !mayBeWanted(stored.run)) return false;
    const before = wantersOf(stored.run);
    if (!sameWanters(before, wantersOf(run)) && !sameWanters(before, wantedBy)) return false;
    this.put({ ...stored.run, wantedBy }, stored.dueAt);
    return true;
  }

  async tagRun({ runId, tags: before }: Run, tags: readonly string[]): Promise<boolean> {
    const stored = this.runs.get(runId);
    const current = stored?.run.tags.join();
    if (stored === undefined || (current !== before.join() && current !== tags.join())) return false;
    this.put({ ...stored.run, tags }, stored.dueAt);
    return true;
  }

  /** The places of a work queue, in order: derived from the runs, so that none is ever left behind. */
  private placesIn(queue: string): WaitingPlace[] {
    return [...this.runs.values()]
      .flatMap(({ run }) => (run.state === "QUEUED" && run.queue === queue ? [placeOf(run)] : []))
      .sort((a, b) => byText(a.order, b.order));
  }

  async waitingRuns(queue: string, limit: number): Promise<WaitingPlace[]> {
    return this.placesIn(queue).slice(0, limit);
  }

  async firstInLanes(queue: string): Promise<WaitingPlace[]> {
    const lanes = Map.groupBy(this.placesIn(queue), ({ lane }) => lane);
    return [...lanes.values()].flatMap(([first]) => first ?? []);
  }

  async nextInLane({ queue, lane, order }: WaitingPlace): Promise<WaitingPlace | undefined> {
    return this.placesIn(queue).find((place) => place.lane === lane && place.order > order);
  }

  async removePlace(_place: WaitingPlace): Promise<void> {}

  async getSlots(limit: string): Promise<Slots> {
    return copyState(this.slotsOf(limit));
  }

  async setLimit(name: string, limit: number | undefined): Promise<void> {
    const { limit: _limit, ...slots } = this.slotsOf(name);
    this.slots.set(name, { ...slots, ...(limit !== undefined && { limit }) });
  }

  private slotsOf(limit: string): Slots {
    return this.slots.get(limit) ?? { holders: new Set() };
  }

  /** @param dueAt undefined closes the run */
  private put(run: Run, dueAt: number | undefined): void {
    this.changes += 1;
    this.runs.set(run.runId, { run: copyState(run), ...(dueAt !== undefined && { dueAt }) });
  }

  async dueRuns(now: number, limit: number): Promise<string[]> {
    return [...this.runs.values()]
      .flatMap(({ run, dueAt }) => (dueAt !== undefined && dueAt <= now ? [{ runId: run.runId, dueAt }] : []))
      .sort((a, b) => a.dueAt - b.dueAt || byText(a.runId, b.runId))
      .slice(0, limit)
      .map(({ runId }) => runId);
  }

  async deferRun(runId: string, dueAt: number, state?: RunState): Promise<void> {
    const stored = this.runs.get(runId);
    if (state !== undefined && stored?.run.state !== state) return;
    if (stored?.dueAt !== undefined) this.runs.set(runId, { ...stored, dueAt });
  }

  async listRuns(filter: RunFilter, limit: number, from?: string): Promise<RunPage> {
    const found = [...this.runs.values()]
      .map(({ run }) => run)
      .filter((run) => filter.pipeline === undefined || run.pipeline === filter.pipeline)
      .filter((run) => filter.state === undefined || run.state === filter.state)
      .filter(({ tags }) => filter.tag === undefined || tags.includes(filter.tag))
      .filter(({ startedAt }) => filter.since === undefined || startedAt >= filter.since)
      .filter(({ startedAt }) => filter.until === undefined || startedAt < filter.until)
      .filter((run) => from === undefined || listingKey(run) < from)
      .sort((a, b) => byText(listingKey(b), listingKey(a)));
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      runs: page.map(summaryOf),
      ...(last && found.length > limit && { next: listingKey(last) }),
    };
  }

  async firstTimeOf(pipeline: string, cause: string, at: string): Promise<string> {
    const key = `${pipeline}#${cause}`;
    const first = this.causes.get(key) ?? at;
    this.causes.set(key, first);
    return first;
  }

  async getStep(key: StepKey): Promise<FoundRecord | undefined> {
    return found(this.steps.get(stepKey(key)));
  }

  async getSteps(keys: readonly StepKey[]): Promise<FoundRecord[]> {
    const records = [...new Set(keys.map(stepKey))].map((key) => this.steps.get(key));
    return records.flatMap((record) => found(record) ?? []);
  }

  async listSteps(runId: string, step?: string): Promise<FoundRecord[]> {
    const prefix = step === undefined ? `${runId}#STEP#` : `${runId}#STEP#${step}#`;
    const records = [...this.steps].filter(([key]) => key.startsWith(prefix));
    return records.sort(([a], [b]) => byText(a, b)).flatMap(([, record]) => found(record) ?? []);
  }

  async waitingApprovals(limit: number): Promise<(ApprovalStep & StoredStep)[]> {
    return waitingIn([...this.steps.values()])
      .slice(0, limit)
      .map(copyState);
  }

  /** A page of some records, whose keys begin with one of a listing's keys. */
  private pageOf<T>(prefix: string, from: string, read: (record: StoredStep) => T | undefined): Page<T> {
    const keys = [...this.steps.keys()].filter((key) => key.startsWith(prefix) && key > from).sort(byText);
    const page = keys.slice(0, this.stepsPerPage);
    const records = page.flatMap((key) => {
      const record = this.steps.get(key);
      return (record && read(record)) ?? [];
    });
    const last = page.at(-1);
    return { records, ...(last !== undefined && keys.length > page.length && { next: last }) };
  }

  async outlineSteps(runId: string, step?: string, from = ""): Promise<Page<StepOutline>> {
    const prefix = step === undefined ? `${runId}#STEP#` : `${runId}#STEP#${step}#`;
    return this.pageOf(prefix, from, outlineOf);
  }

  async openSteps(runId: string, { step, shard }: StepsPlace, from = ""): Promise<Page<FoundRecord>> {
    const prefix = step === undefined ? `${runId}#STEP#` : `${runId}#STEP#${step}#`;
    return this.pageOf(prefix, from, (record) => {
      const isThere = shard === undefined || (record.index !== "map" && shardOf(record.index) === shard);
      return isThere && !("endedAt" in record) ? found(record) : undefined;
    });
  }

  async putStep(next: StepRecord, previous: Version | undefined): Promise<PutResult> {
    const key = stepKey(next);
    const current = this.steps.get(key);
    if (current?.version !== previous) return { ok: false, current: found(current) };
    this.writes += 1;
    this.changes += 1;
    const record: StoredStep = { ...copyState(next), version: String(this.writes) };
    this.steps.set(key, record);
    return { ok: true, record: copyState(record) };
  }

  async openTally(key: TallyKey, epoch: number, size: number): Promise<void> {
    const current = this.tallies.get(tallyKey(key));
    if (current !== undefined && current.epoch >= epoch) return;
    this.tallies.set(tallyKey(key), {
      ...{ size, epoch, done: current?.done ?? new Set(), failed: new Set() },
      ...(current?.priced !== undefined && { priced: current.priced }),
    });
  }

  async joinTally(
    key: TallyKey,
    epoch: number,
    member: number,
    outcome: Exclude<Outcome, "skipped">,
    price?: Price,
  ): Promise<Tally | undefined> {
    const current = this.tallies.get(tallyKey(key));
    if (current?.epoch !== epoch) return undefined;
    if (current.done.has(member) || current.failed.has(member)) return copyState(current);
    this.changes += 1;
    const joined: Tally = {
      ...current,
      [outcome]: new Set([...current[outcome], member]),
      ...spentMore(current, price),
    };
    this.tallies.set(tallyKey(key), joined);
    return { ...joined, done: new Set(joined.done), failed: new Set(joined.failed) };
  }

  async getTally(key: TallyKey): Promise<Tally | undefined> {
    return copyState(this.tallies.get(tallyKey(key)));
  }

  async listTallies(runId: string, step: string): Promise<Tally[]> {
    const map = tallyKey({ runId, step, shard: "map" });
    const prefix = map.slice(0, -"map".length);
    return [...this.tallies]
      .filter(([key]) => key.startsWith(prefix) && key !== map)
      .sort(([a], [b]) => byText(a, b))
      .map(([, tally]) => copyState(tally));
  }
}
