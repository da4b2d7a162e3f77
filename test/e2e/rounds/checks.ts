import { ListJobsCommand } from "@aws-sdk/client-batch";
import type { Json } from "../../../shared/pipeline/json.ts";
import { canonicalJson } from "../../../shared/pipeline/json.ts";
import type { Run } from "../../../shared/state/run.ts";
import { hasEnded } from "../../../shared/state/step-record.ts";
import { expectationOf, resultOf, type Verdict } from "../../simulation/spec/oracle.ts";
import type { PipelineSpec } from "../../simulation/spec/pipeline-spec.ts";
import { type DeployedService, eventually, processesOf } from "../deployed-service.ts";

const short = (value: Json) => JSON.stringify(value).slice(0, 200);

/** Whether a state matches the oracle's verdict. */
function fits(verdict: Verdict, state: string | undefined): boolean {
  if (verdict.state === "SUCCEEDED") return state === "SUCCEEDED" || state === "CACHED";
  return state === verdict.state || (verdict.state === "FAILED" && state === "TIMED_OUT");
}

/** Checks runs after their end, and everything that worked for them. */
export class RoundChecks {
  readonly violations: string[] = [];
  private readonly service: DeployedService;

  constructor(service: DeployedService) {
    this.service = service;
  }

  private broken(run: Run, what: string): void {
    this.violations.push(`run ${run.runId} of ${run.pipeline} in epoch ${run.epoch}: ${what}`);
  }

  private async checkOutput(run: Run, step: string, index: number, verdict: Verdict): Promise<void> {
    const { store } = this.service;
    const record = await store.getStep({ runId: run.runId, step, index });
    if (!fits(verdict, record?.state)) {
      const error = record !== undefined && "error" in record ? `: ${record.error?.message}` : "";
      return this.broken(run, `${step}[${index}] is ${record?.state}, not ${verdict.state}${error}`);
    }
    if (verdict.state !== "SUCCEEDED") return;
    const output = await this.service.output(run.runId, step, index);
    if (canonicalJson(output) !== canonicalJson(verdict.output))
      this.broken(run, `${step}[${index}] gave ${short(output)}, not ${short(verdict.output)}`);
  }

  /** Checks that everything a run left behind is in order, whatever its pipeline. */
  private async checkLeftovers(run: Run): Promise<void> {
    const { runId } = run;
    const pids = processesOf(runId);
    if (pids.length > 0) this.broken(run, `processes ${pids.join(", ")} still work for it`);
    for (const record of await this.service.steps(runId)) {
      if (!hasEnded(record)) this.broken(run, `${record.step}[${record.index}] is left ${record.state}`);
    }
    const manifests = (await this.service.listing(run)).filter((key) => key.endsWith("/_manifest.json"));
    // step/index/epoch.attempt/_manifest.json is a job's commit, and an epoch has only one.
    const places = manifests.map((key) => key.replace(/\.[^/]*\/_manifest\.json$/, ""));
    if (new Set(places).size < places.length)
      this.broken(run, `jobs committed twice: ${manifests.join(" ")}`);
  }

  /** Compares a run with the oracle's result for its pipeline. */
  async checkRun(run: Run, spec: PipelineSpec): Promise<void> {
    const expected = expectationOf(spec, run.epoch);
    if (run.state !== expected.state) {
      this.broken(run, `it is ${run.state}, not ${expected.state}: ${run.error?.step} ${run.error?.message}`);
    }
    const { steps } = await this.service.view(run.runId);
    for (const { name, over } of spec.steps) {
      const verdict = expected.steps.get(name);
      const state = steps.find((step) => step.name === name)?.state;
      if (verdict === undefined) continue;
      if (!fits(verdict, state)) this.broken(run, `${name} is ${state}, not ${verdict.state}`);
      const ran = verdict.state === "SUCCEEDED" || verdict.state === "FAILED";
      const children = over === undefined ? [verdict] : (expected.children.get(name) ?? []);
      for (const [index, each] of ran ? children.entries() : []) {
        await this.checkOutput(run, name, index, each);
      }
    }
    await this.checkLeftovers(run);
  }

  /** Compares a parent with its child, a run of `spec`, and the child with the oracle. */
  async checkParent(run: Run, spec: PipelineSpec, object: string): Promise<void> {
    const record = await this.service.store.getStep({ runId: run.runId, step: "child", index: 0 });
    const child = record?.child && (await this.service.store.getRun(record.child.runId));
    if (child === undefined) return this.broken(run, "its child does not exist");
    const expected = resultOf(spec, child.epoch).state;
    if (run.state !== expected) {
      const why = `${run.error?.step} ${run.error?.message}`;
      this.broken(run, `it is ${run.state}, not ${expected}, its child ${child.state}: ${why}`);
    }
    if (run.state === "SUCCEEDED") {
      const output = { uri: `s3://${this.service.bucket}/${object}`, by: "ada" };
      await this.checkOutput(run, "after", 0, { state: "SUCCEEDED", output });
    }
    await this.checkRun(child, spec);
    await this.checkLeftovers(run);
  }

  /** Checks that nothing is left that works, waits or holds a slot. */
  async checkStack(runIds: ReadonlySet<string>, limits: readonly string[]): Promise<void> {
    const { batch, store } = this.service;
    for (const jobStatus of ["SUBMITTED", "PENDING", "RUNNABLE", "STARTING", "RUNNING"] as const) {
      const { jobSummaryList = [] } = await batch.send(new ListJobsCommand({ jobQueue: "cpu", jobStatus }));
      for (const { jobName } of jobSummaryList) this.violations.push(`job ${jobName} is left ${jobStatus}`);
    }
    for (const limit of limits) {
      const { holders } = await store.getSlots(limit);
      if (holders.size > 0) this.violations.push(`${limit} is held by ${[...holders].join(", ")}`);
    }
    await eventually("ended runs to be closed", async () => {
      const due = await store.dueRuns(Date.now() + 3_600_000, 1000);
      return due.some((runId) => runIds.has(runId)) ? undefined : due;
    });
  }
}
