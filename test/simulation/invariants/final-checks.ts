import { isDeepStrictEqual } from "node:util";
import type { JobIdentity } from "../../../shared/batch/job-environment.ts";
import { identityOf } from "../../../shared/batch/job-environment.ts";
import { type HookState, hookName, noticeName } from "../../../shared/pipeline/graph.ts";
import type { Json } from "../../../shared/pipeline/index.ts";
import { canonicalJson } from "../../../shared/pipeline/json.ts";
import { noticeNodes } from "../../../shared/pipeline/notice.ts";
import { isAfterRunStep } from "../../../shared/run/after-run-step.ts";
import { costOf } from "../../../shared/run/kept-cost.ts";
import { backfillLimit, stoppedWith } from "../../../shared/state/backfill.ts";
import { isEnded, type Run } from "../../../shared/state/run.ts";
import {
  hasEnded,
  hasResult,
  lossesTo,
  maxFunctionAttempts,
  type StepRecord,
  type StoredValue,
} from "../../../shared/state/step-record.ts";
import { subjectOf } from "../faults/fault-ledger.ts";
import { followerParams, notices, sharedQueue } from "../spec/define-spec.ts";
import { type Expectation, expectationOf, type Verdict } from "../spec/oracle.ts";
import { failuresOf, followerName, isPure, type PipelineSpec, type StepSpec } from "../spec/pipeline-spec.ts";
import { makerOf, textOf, type WorkOutput } from "../spec/pure-work.ts";
import { type Bodies, newestAt, publishedAt } from "../world/bodies.ts";
import type { World } from "../world/world.ts";

/** Steps of the notices for an end. */
const noticesOf = (state: HookState) => noticeNodes(notices).map(({ name }) => noticeName(state, name));

const failedStates: readonly string[] = ["FAILED", "TIMED_OUT"];

/** A number that is higher for what a newer run of the same pipeline is for. All objects are versions of one key. */
function newness({ cause, scheduledAt }: Run): number {
  return cause.kind === "object" ? Number.parseInt(cause.sequencer ?? "0", 16) : Date.parse(scheduledAt);
}

/** Checks a run after its end, and everything that worked for it. */
export class FinalChecks {
  private readonly world: World;
  private readonly specs: ReadonlyMap<string, PipelineSpec>;
  private readonly expectations = new Map<string, Expectation>();

  /**
   * @param specs by their pipelines' names
   */
  constructor(world: World, specs: ReadonlyMap<string, PipelineSpec>) {
    this.world = world;
    this.specs = specs;
  }

  private specOf({ pipeline }: Run): PipelineSpec {
    return this.specs.get(pipeline) ?? { steps: [] };
  }

  private expected(run: Run, epoch = run.epoch): Expectation {
    const forced = this.givenUp(run);
    const key = `${run.pipeline} ${epoch} ${[...forced].join()}`;
    const known = this.expectations.get(key) ?? expectationOf(this.specOf(run), epoch, forced);
    this.expectations.set(key, known);
    return known;
  }

  /** Submissions that the engine gave up after half an hour because faults had kept its workers from them. */
  private givenUp(run: Run): ReadonlySet<string> {
    const names = this.world.watch.steps.of(run.runId).flatMap((record) => {
      const { step, index } = record;
      const gaveUp = "error" in record && record.error?.name === "SubmitFailed";
      if (!gaveUp || this.world.ledger.lossesOf(subjectOf(record)) < 2) return [];
      const isMapped = this.specOf(run).steps.find(({ name }) => name === step)?.over !== undefined;
      return [isMapped && index !== "map" ? `${step}[${index}]` : step];
    });
    return new Set(names.sort());
  }

  private broken(rule: string, detail: string): void {
    this.world.violations.add(rule, detail);
  }

  private async valueOf(stored: StoredValue): Promise<Json> {
    if ("value" in stored) return stored.value;
    const bytes = await this.world.memory.objects.get(stored.uri);
    return bytes === undefined ? `nothing at ${stored.uri}` : JSON.parse(new TextDecoder().decode(bytes));
  }

  private async compareRecord(name: string, verdict: Verdict, record: StepRecord | undefined, run: Run) {
    if (record === undefined)
      return this.broken("as the oracle says", `${name} has no record; expected ${verdict.state}`);
    const right =
      verdict.state === "FAILED"
        ? failedStates.includes(record.state) && record.epoch === run.epoch
        : "output" in record;
    if (!right)
      return this.broken(
        "as the oracle says",
        `${name} is ${record.state} in epoch ${record.epoch}; expected ${verdict.state}${"error" in record ? `: ${record.error?.name} ${record.error?.message}` : ""}`,
      );
    if (verdict.state === "SUCCEEDED" && "output" in record && record.index !== "map" && !verdict.any) {
      const value = await this.valueOf(record.output);
      if (canonicalJson(JSON.parse(textOf(value))) !== canonicalJson(verdict.output))
        this.broken(
          "as the oracle says",
          `${name} gave ${JSON.stringify(value).slice(0, 200)}; expected ${JSON.stringify(verdict.output).slice(0, 200)}`,
        );
    }
  }

  /** What an attempt committed was made by that attempt; no other attempt overwrote it. */
  private async compareMaker(record: StepRecord, { steps }: PipelineSpec): Promise<void> {
    const spec = steps.find(({ name }) => name === record.step);
    if (spec === undefined || !isPure(spec.work)) return;
    if (record.state !== "SUCCEEDED" || record.index === "map") return;
    const { made } = (await this.valueOf(record.output)) as WorkOutput;
    if (made !== makerOf(record))
      this.broken(
        "a result is its attempt's own",
        `${record.step}[${record.index}], which is of ${makerOf(record)}, gives what ${made} made`,
      );
  }

  /**
   * What a step published is what its committed attempt made: no earlier attempt of the epoch overwrote it. If a run was
   * cancelled and retried, a function of the earlier epoch may still be within its time, and knows of neither.
   */
  async published(bodies: Bodies): Promise<void> {
    const { watch, memory, ledger } = this.world;
    const all = [...this.specs.values()].flatMap(({ steps }) => steps);
    for (const record of watch.steps.latest.values()) {
      const { runId, step, index, state } = record;
      const spec = all.find(({ name }) => name === step);
      if (state !== "SUCCEEDED" || index === "map" || spec?.work.kind !== "lambda") continue;
      if (!bodies.publishes(spec) || ledger.mayOverwrite(subjectOf(record))) continue;
      const bytes = await memory.objects.get(memory.objects.locate(publishedAt(runId, step, index)));
      const made = bytes && new TextDecoder().decode(bytes);
      const isOfEarlierEpoch = record.epoch > 1 && !made?.startsWith(`${runId} ${record.epoch}.`);
      if (made !== makerOf(record) && !isOfEarlierEpoch)
        this.broken(
          "what is over publishes nothing",
          `${step}[${index}], which is of ${makerOf(record)}, has published what ${made} made`,
        );
    }
  }

  /** The same version of an object starts one run, whatever its events say of their time. */
  causes(): void {
    const seen = new Map<string, string>();
    for (const { runId, pipeline, cause } of this.world.watch.runs.values()) {
      if (cause.kind !== "object") continue;
      const version = `${pipeline} ${cause.uri} ${cause.versionId}`;
      const other = seen.get(version);
      if (other !== undefined) this.broken("one run for a cause", `${other} and ${runId} are of ${version}`);
      seen.set(version, runId);
    }
  }

  /**
   * The record of a key for the newest is that of the newest run that began to publish there, and the object is what it
   * published. Two workers explain other objects. One died between its copy and its second look, so its step is not the
   * one that succeeded. Another died between the record and the copy, and its run was stopped: then the object is that
   * of the newest run that has published, or of a newer one.
   */
  async newest(bodies: Bodies): Promise<void> {
    const { watch, memory } = this.world;
    const all = [...this.specs.values()].flatMap(({ steps }) => steps);
    for (const record of watch.steps.latest.values()) {
      const { runId, step, index, state } = record;
      const run = watch.runs.get(runId);
      const spec = all.find(({ name }) => name === step);
      if (run === undefined || state !== "SUCCEEDED" || index === "map" || spec?.work.kind !== "lambda")
        continue;
      if (!bodies.publishes(spec)) continue;
      const key = newestAt(run.pipeline, step, index);
      const bytes = await memory.objects.get(memory.objects.locate(key));
      const [maker = ""] = (bytes === undefined ? "" : new TextDecoder().decode(bytes)).split(" ");
      const hasPublished = (id: string) => watch.steps.get(id, step, index)?.state === "SUCCEEDED";
      const latest = watch.runs.get((await memory.engine.publications.get(key))?.runId ?? "");
      const made = watch.runs.get(maker);
      if (latest === undefined || newness(latest) < newness(run))
        this.broken("the newest is published", `${key} is of ${latest?.runId}, but ${runId} is newer`);
      else if (made === undefined)
        this.broken(
          "the newest is published",
          `${key} has nothing of a run, although ${runId} has published`,
        );
      else if (!hasPublished(maker)) continue;
      else if (hasPublished(latest.runId) ? maker !== latest.runId : newness(made) < newness(run))
        this.broken("the newest is published", `${key} has what ${maker} made, not ${latest.runId}`);
    }
  }

  /** A worker that released a step because AWS refused a request doesn't count as lost. */
  private compareLosses(record: StepRecord): void {
    const lost = lossesTo(record, "worker");
    const died = this.world.ledger.deathsOf(subjectOf(record));
    if (lost > died)
      this.broken("losses are counted", `${subjectOf(record)} lost ${lost} workers, of which ${died} died`);
    const undelivered = lossesTo(record, "delivery");
    const dead = this.world.ledger.deadLettersOf(subjectOf(record));
    if (undelivered > dead)
      this.broken(
        "losses are counted",
        `${subjectOf(record)} lost ${undelivered} attempts to dead letters, of which there were ${dead}`,
      );
    const unserved = lossesTo(record, "capacity");
    const lacked = this.world.ledger.lacksOf(subjectOf(record));
    if (unserved > lacked)
      this.broken(
        "losses are counted",
        `${subjectOf(record)} lost ${unserved} attempts to a lack of machines, of which there were ${lacked}`,
      );
    const { worker: _worker, delivery: _delivery, capacity: _capacity, ...ofMachines } = record.losses ?? {};
    const machines = Object.values(ofMachines).reduce((sum, count) => sum + count, 0);
    const taken = this.world.ledger.lossesOf(subjectOf(record));
    if (machines > taken)
      this.broken(
        "losses are counted",
        `${subjectOf(record)} lost ${machines} machines; its faults explain ${taken}`,
      );
  }

  /**
   * A function's record keeps its latest attempts, each once and in order. Of the last epoch, those are all that ended
   * without the step's result, or as many as it may keep.
   */
  private compareAttempts(record: StepRecord, spec: StepSpec | undefined): void {
    const { epoch, attempt, index, functionAttempts = [] } = record;
    if (spec?.work.kind !== "lambda" || index === "map" || record.state === "CANCELLED") return;
    const numbers = functionAttempts.filter((each) => each.epoch === epoch).map((each) => each.attempt);
    const last = "output" in record || record.state === "SKIPPED" ? attempt - 1 : attempt;
    const all = Array.from({ length: last }, (_, place) => place + 1);
    const expected =
      functionAttempts.length < maxFunctionAttempts ? all : all.slice(-numbers.length || all.length);
    const inOrder = functionAttempts.every(
      (each, place) =>
        each.endedAt >= each.startedAt && (functionAttempts[place - 1]?.epoch ?? 0) <= each.epoch,
    );
    if (!inOrder || numbers.join() !== expected.join())
      this.broken(
        "attempts of functions are kept",
        `${subjectOf(record)} is ${record.state} in attempt ${attempt} and keeps ${JSON.stringify(functionAttempts)}`,
      );
  }

  private async compareStep(run: Run, step: StepSpec, verdict: Verdict): Promise<void> {
    const number = this.world.watch.numberOf(run, step.name);
    const mapped = step.over !== undefined;
    const record = this.world.watch.steps.get(run.runId, step.name, mapped ? "map" : 0);
    const { done, failed, skipped } = run.progress;
    const joined = done.has(number)
      ? "SUCCEEDED"
      : failed.has(number)
        ? "FAILED"
        : skipped.has(number)
          ? "SKIPPED"
          : "";
    if (verdict.state === "UPSTREAM_FAILED") {
      if (record?.epoch === run.epoch || joined !== "")
        this.broken("as the oracle says", `${step.name} ran although a step before it had failed`);
      return;
    }
    if (verdict.state === "SKIPPED") {
      const right =
        record === undefined || record.state === "SKIPPED" || (record.state === "CANCELLED" && joined === "");
      if (!right || (joined !== "SKIPPED" && joined !== ""))
        this.broken(
          "as the oracle says",
          `${step.name} is ${record?.state} and joined as ${joined}; expected SKIPPED`,
        );
      return;
    }
    if (joined !== verdict.state)
      this.broken(
        "as the oracle says",
        `${step.name} is joined as ${joined || "nothing"}; expected ${verdict.state}`,
      );
    await this.compareRecord(step.name, verdict, record, run);
    const children = this.expected(run).children.get(step.name) ?? [];
    for (const [index, child] of children.entries()) {
      await this.compareRecord(
        `${step.name}[${index}]`,
        child,
        this.world.watch.steps.get(run.runId, step.name, index),
        run,
      );
    }
    if (mapped && this.world.watch.steps.get(run.runId, step.name, children.length) !== undefined)
      this.broken("as the oracle says", `${step.name} has more than ${children.length} children`);
  }

  /** What succeeded in a cancelled run has the right value. */
  private async compareSucceeded(run: Run): Promise<void> {
    for (const step of this.specOf(run).steps) {
      for (const record of this.world.watch.steps.of(run.runId)) {
        if (record.step !== step.name || !("output" in record) || record.index === "map") continue;
        const { steps, children } = this.expected(run, record.epoch);
        const verdict =
          step.over === undefined ? steps.get(step.name) : children.get(step.name)?.[record.index];
        if (verdict === undefined)
          this.broken("as the oracle says", `${step.name}[${record.index}] should not exist`);
        else await this.compareRecord(`${step.name}[${record.index}]`, verdict, record, run);
      }
    }
  }

  async run(run: Run): Promise<void> {
    if (run.state === "SUCCEEDED" || run.state === "FAILED") {
      const { state, steps } = this.expected(run);
      if (run.state !== state) {
        const error =
          run.error === undefined ? "" : `: ${run.error.step} ${run.error.name} ${run.error.message}`;
        this.broken("as the oracle says", `the run is ${run.state}; expected ${state}${error}`);
      }
      this.compareError(run);
      for (const step of this.specOf(run).steps) {
        const verdict = steps.get(step.name);
        if (verdict !== undefined) await this.compareStep(run, step, verdict);
      }
    } else await this.compareSucceeded(run);
    for (const record of this.world.watch.steps.of(run.runId)) {
      await this.compareMaker(record, this.specOf(run));
      this.compareLosses(record);
      if (record.epoch === run.epoch || hasResult(record))
        this.compareAttempts(
          record,
          this.specOf(run).steps.find(({ name }) => name === record.step),
        );
      // A retry cancels the hook of the epoch before it.
      const isCalledOff = isAfterRunStep(record.step) && record.epoch < run.epoch;
      if (!hasEnded(record) && !isCalledOff)
        this.broken(
          "nothing is left open",
          `${record.step}[${record.index}] is ${record.state} in a run that is ${run.state}`,
        );
    }
  }

  /**
   * A run is stopped only by a person, its time limit, a limit that it doesn't wait for, the end of its parent, or the
   * cancel of a backfill.
   */
  stopped(run: Run, cancelled: ReadonlySet<string>, backfills: ReadonlySet<string>): void {
    const { runId, pipeline, cause, state } = run;
    const { cancelsNew = false, timeout } = this.specOf(run);
    const parent = cause.kind === "step" && this.world.watch.wasCancelled(cause.runId);
    const withBackfill = "reason" in run && [...backfills].some((id) => run.reason === stoppedWith(id));
    if (state === "CANCELLED" && !(cancelled.has(runId) || cancelsNew || parent || withBackfill))
      this.broken("nothing stops by itself", `${runId} of ${pipeline} is CANCELLED: ${run.reason}`);
    if (state === "TIMED_OUT" && timeout === undefined)
      this.broken("nothing stops by itself", `${runId} of ${pipeline}, which has no limit, is TIMED_OUT`);
  }

  /**
   * A run has kept the sum of what its records cost, each once for each epoch in which it ended. When a run was
   * stopped, a worker that didn't know it yet may have begun a step afterwards, which the sum lacks.
   */
  kept(run: Run): void {
    const prices = this.world.watch.prices.get(run.runId) ?? new Map<string, number>();
    const expected = [...prices.values()].reduce((sum, price) => sum + price, 0);
    const kept = Math.round((costOf(run)?.dollars ?? Number.NaN) * 1e9);
    const right = this.world.watch.wasCancelled(run.runId) ? kept <= expected : kept === expected;
    if (!right)
      this.broken(
        "a run costs what its steps do",
        `${run.runId}, which is ${run.state} in epoch ${run.epoch}, has kept ${kept} nanodollars; its records cost ${expected}`,
      );
  }

  /** The figures by day are those of the runs that have ended: each run once, as it is now. */
  async figures(): Promise<void> {
    const runs = [...this.world.watch.runs.values()].filter(isEnded);
    const expected = Map.groupBy(runs, ({ endedAt, pipeline }) => `${endedAt.slice(0, 10)} ${pipeline}`);
    const found = await this.world.memory.store.listFigures({ since: "0", until: "9" });
    const days = new Map(found.map((figures) => [`${figures.day} ${figures.pipeline}`, figures]));
    for (const key of new Set([...expected.keys(), ...days.keys()])) {
      const ended = expected.get(key) ?? [];
      const states = Map.groupBy(ended, ({ state }) => state);
      const underWay = ended.map(({ activeSince, endedAt }) =>
        activeSince === undefined ? 0 : Math.max(0, Date.parse(endedAt) - Date.parse(activeSince)),
      );
      const should = {
        ends: Object.fromEntries([...states].map(([state, those]) => [state, those.length])),
        milliseconds: underWay.reduce((sum, each) => sum + each, 0),
        dollars: ended.reduce((sum, run) => sum + Math.round((costOf(run)?.dollars ?? 0) * 1e9), 0) / 1e9,
      };
      const { ends, milliseconds, dollars } = days.get(key) ?? {};
      if (!isDeepStrictEqual({ ends, milliseconds, dollars }, should))
        this.broken(
          "figures are those of the ended runs",
          `${key}: ${JSON.stringify(days.get(key))}; expected ${JSON.stringify(should)}`,
        );
    }
  }

  /** A failed run names the step that failed; a run that succeeded has no error. */
  private compareError({ runId, state, epoch, error }: Run): void {
    const rule = "errors say what failed";
    if (state === "SUCCEEDED" && error !== undefined)
      this.broken(rule, `the run succeeded and has the error of ${error.step}`);
    if (state !== "FAILED") return;
    const named = this.world.watch.steps
      .of(runId)
      .some(
        (record) =>
          failedStates.includes(record.state) &&
          record.epoch === epoch &&
          [record.step, `${record.step}[${record.index}]`].includes(error?.step ?? ""),
      );
    if (!named) this.broken(rule, `the run failed and names ${error?.step ?? "no step"}, which did not`);
  }

  /**
   * Everything that should follow a run's end did: its hook, and each notice, sent once unless faults explain repeats.
   */
  followed(run: Run): void {
    if (!this.specOf(run).hooks || !("endedAt" in run)) return;
    for (const step of [hookName(run.state), ...noticesOf(run.state)]) {
      const record = this.world.watch.steps.get(run.runId, step, run.epoch);
      if (record === undefined || !("output" in record))
        this.broken(
          "hooks and notices follow",
          `${step} of epoch ${run.epoch} is ${record?.state ?? "not stored"}`,
        );
    }
    for (const step of noticesOf(run.state)) this.notified(run, step);
  }

  /** A run that succeeded started one run of the following pipeline, with its result. Any other run started none. */
  started(run: Run): void {
    const { runId, pipeline, state } = run;
    const rule = "each success starts one run of what follows";
    const found = [...this.world.watch.runs.values()].filter(
      ({ cause }) => cause.kind === "run" && cause.runId === runId,
    );
    const last = this.expected(run).steps.get(this.specOf(run).steps.at(-1)?.name ?? "");
    // Without the result that the pipeline returns, there are no parameters.
    const expected = state === "SUCCEEDED" && last?.state === "SUCCEEDED" ? 1 : 0;
    if (found.length !== expected)
      this.broken(rule, `${runId}, which is ${state}, started ${found.length}; expected ${expected}`);
    for (const follower of found) {
      const { of, length } = followerParams.parse(follower.params);
      const right = last?.state !== "SUCCEEDED" || last.any || canonicalJson(last.output).length === length;
      if (follower.pipeline !== followerName(pipeline) || of !== runId || !right)
        this.broken(rule, `${runId} started ${follower.pipeline} with ${JSON.stringify(follower.params)}`);
    }
  }

  private notified({ runId, epoch, state }: Run, step: string): void {
    const key = `${runId}.${epoch}.${state}.${step.split("/")[1]}`;
    const times = this.world.memory.notifier.sent.filter((sent) => sent.key === key).length;
    const max = 1 + this.world.ledger.lossesOf(subjectOf({ runId, step, index: epoch, epoch }));
    if (times < 1 || times > max)
      this.broken("notices are told once", `${step} was told ${times} times; its faults explain ${max}`);
  }

  /** Nothing that has ended holds a slot. */
  async slots(): Promise<void> {
    const pipelines = [...this.specs.keys()].map((name) => `pipeline/${name}`);
    const backfills = [...this.world.backfills.latest.keys()].map(backfillLimit);
    for (const name of [...pipelines, ...backfills, `queue/${sharedQueue}`]) {
      const { holders } = await this.world.memory.store.getSlots(name);
      if (holders.size > 0) this.broken("no slot is held", `${[...holders].join()} hold slots of ${name}`);
    }
  }

  /** No body began more often than its failures and its workers' faults explain. */
  bodies({ begun, late }: Bodies): void {
    for (const record of this.world.watch.steps.latest.values()) {
      if (record.state === "SUCCEEDED" && late.has(`${subjectOf(record)}.${record.attempt}`))
        this.broken("who is late has timed out", `${record.step}[${record.index}] succeeded after its time`);
    }
    const all = [...this.specs.values()].flatMap(({ steps }) => steps);
    for (const [key, count] of begun) {
      const [, step = "", index = "0", epoch = "1"] = /\/(.*)\[(.*)\]@(.*)$/.exec(key) ?? [];
      const spec = all.find(({ name }) => name === step);
      if (spec === undefined || !isPure(spec.work)) continue;
      const { failing, passes = 1 } = spec.work;
      const own = Math.min(spec.retries.limit, failuresOf(failing, Number(index), Number(epoch)));
      const { ledger } = this.world;
      const bearable = passes * (1 + own) + ledger.chargesOf(key) + ledger.lossesOf(key);
      if (count > bearable)
        this.broken("nothing runs again", `${key} began ${count} times; its faults explain ${bearable}`);
    }
  }

  /** A job that had finished its work when it died gives its attempt's result, unless a person cancelled meanwhile. */
  complete(attempts: readonly JobIdentity[]): void {
    for (const { runId, step, index, epoch, attempt } of attempts) {
      const record = this.world.watch.steps.get(runId, step, index);
      const spec = [...this.specs.values()].flatMap(({ steps }) => steps).find(({ name }) => name === step);
      // Another pass of a repeated step may follow.
      const isRepeated = spec !== undefined && isPure(spec.work) && spec.work.passes !== undefined;
      if (this.world.watch.wasCancelled(runId) || record === undefined || isRepeated) continue;
      if (!("output" in record) || record.attempt !== attempt)
        this.broken(
          "finished work counts",
          `${step}[${index}] ${epoch}.${attempt} left its manifest and was done again`,
        );
    }
  }

  /**
   * Steps and faults bound the writes. Each record and attempt takes a few writes. Each fault causes a few more, or one
   * for each child of a map if the map's hint comes twice. Without faults, the sweep needn't send a hint again.
   */
  cost(redriven: number, { begun }: Bodies): void {
    const { plan, watch, ticks } = this.world;
    const { writes, latest } = watch.steps;
    const attempts = [...begun.values()].reduce((sum, count) => sum + count, 0);
    const epochs = [...watch.runs.values()].reduce((sum, { epoch }) => sum + epoch, 0);
    const bound =
      5 * (latest.size + attempts + 3 * epochs) +
      (5 + latest.size) * plan.faults.length +
      2 * ticks * watch.runs.size;
    if (writes > bound)
      this.broken(
        "bounded cost",
        `${writes} writes for ${latest.size} records, ${plan.faults.length} faults`,
      );
    // The sweep also sends hints to look after steps that wait for long.
    const isPlain = [...this.specs.values()].every(({ steps }) => steps.every(({ work }) => isPure(work)));
    if (plan.faults.length > 0 || plan.skewed || !isPlain) return;
    if (redriven > 0) this.broken("bounded cost", `${redriven} hints were sent again although none was lost`);
    const all = [...latest.values()];
    const maps = all.filter(({ index }) => index === "map").length;
    const jobs = all.reduce((sum, { jobAttempts = [] }) => sum + jobAttempts.length, 0);
    // Each step takes a claim, a commit and a join. A map also counts its shards. Before another attempt, a claim or
    // two are refused. A claim is also refused if two calls that start runs at once admit the same run, and both send
    // its first hints.
    const twice = watch.runs.size > 1 ? latest.size : 0;
    const max =
      3 * latest.size +
      twice +
      2 * maps +
      Math.floor(latest.size / 200) +
      4 * (attempts - begun.size) +
      4 * jobs +
      // A backfill's cancel ends steps under way, and its resumption claims them again: no fault, but more writes.
      3 * [...watch.runs.values()].filter(({ epoch }) => epoch > 1).length;
    if (watch.steps.stepWrites > max)
      this.broken(
        "bounded cost",
        `${watch.steps.stepWrites} writes of steps without a fault; expected ${max}`,
      );
  }

  /**
   * No job is left over, and none was submitted twice without a cause. There is one exception: Batch didn't list a job
   * when its run was cancelled, and the run was opened again before the last look. Nobody knows about that job, so it
   * runs to its own end.
   */
  jobs(submitted: ReadonlyMap<string, number>, explained: (name: string) => boolean): void {
    for (const job of this.world.memory.batch.waiting()) {
      const { runId, epoch } = identityOf(job) ?? { runId: "", epoch: 0 };
      const openedAgain = (this.world.watch.runs.get(runId)?.epoch ?? 0) > epoch;
      if (!(openedAgain && this.world.ledger.wasUnlisted(job.name)))
        this.broken("no job is left", `${job.id} ${job.name} is still ${job.state}`);
    }
    for (const [name, count] of submitted) {
      if (count > 1 && !explained(name))
        this.broken("one job an attempt", `${name} was submitted ${count} times`);
    }
  }
}
