import type { MemoryRunStore } from "../adapters/memory/memory-run-store.ts";
import { approveStep } from "../operate/approve-step.ts";
import type { Engine } from "../ports/engine.ts";
import { type StepRecord, stepLabel } from "../state/step-record.ts";
import type { Reply } from "../step/approval-step.ts";
import { startForObject } from "../trigger/start-for-object.ts";
import { activeTree, StandstillError } from "./standstill.ts";

/** A person's answer to an approval, given as soon as it is asked for. `nobody`: its deadline passes. */
export type GivenAnswer = Reply | "nobody";

/** An object that lands in the data bucket, `afterSeconds` after the run was started. */
export type GivenObject = { key: string; body: string | Uint8Array; afterSeconds?: number };

/** The events around an engine while a run is under way. */
export type Outside = {
  /** Does what is due. It is called whenever the engine has nothing to do, and returns false if nothing was due. */
  act(): Promise<boolean>;
  /** When the next thing will happen, in epoch milliseconds. */
  nextAt(): number | undefined;
};

/** An outside world in which nothing ever happens. */
export const noOutside: Outside = { act: async () => false, nextAt: () => undefined };

type Landing = { readonly at: number; readonly object: GivenObject };

/** People who answer and objects that land, for one run and the runs that work for it. */
export class OutsideWorld implements Outside {
  private readonly engine: Engine;
  private readonly store: MemoryRunStore;
  private readonly runId: string;
  private readonly answers: Readonly<Record<string, GivenAnswer>>;
  private landings: readonly Landing[];

  constructor(
    { engine, store }: { engine: Engine; store: MemoryRunStore },
    runId: string,
    given: {
      approvals?: Readonly<Record<string, GivenAnswer>> | undefined;
      objects?: readonly GivenObject[] | undefined;
    },
  ) {
    this.engine = engine;
    this.store = store;
    this.runId = runId;
    this.answers = given.approvals ?? {};
    const now = engine.clock.now();
    this.landings = (given.objects ?? [])
      .map((object) => ({ at: now + (object.afterSeconds ?? 0) * 1000, object }))
      .sort((a, b) => a.at - b.at);
  }

  nextAt(): number | undefined {
    return this.landings[0]?.at;
  }

  async act(): Promise<boolean> {
    return (await this.land()) || (await this.answer());
  }

  private async land(): Promise<boolean> {
    const now = this.engine.clock.now();
    const due = this.landings.filter(({ at }) => at <= now);
    this.landings = this.landings.filter(({ at }) => at > now);
    for (const { object } of due) await this.put(object);
    return due.length > 0;
  }

  private async put({ key, body }: GivenObject): Promise<void> {
    const uri = this.engine.objects.locate(key);
    const { versionId } = await this.engine.objects.put(uri, body, "application/octet-stream");
    const bucket = uri.slice("s3://".length, -key.length - 1);
    const at = new Date(this.engine.clock.now()).toISOString();
    const bytes = Buffer.byteLength(body);
    await startForObject(this.engine, {
      ...{ uri, bucket, key, bytes, at },
      ...(versionId !== undefined && { versionId }),
    });
  }

  private async answer(): Promise<boolean> {
    for (const { runId, state } of await activeTree(this.store, this.runId)) {
      if (state === "CANCELLING") continue;
      for (const record of await this.store.listSteps(runId)) {
        if (record.state !== "PAUSED" || record.index === "map") continue;
        const answer = this.answerTo(record);
        if (answer === "nobody") continue;
        await approveStep(this.engine, { runId, step: record.step, index: record.index, ...answer });
        return true;
      }
    }
    return false;
  }

  /** The answer for a child of a map takes precedence over the answer for the whole map. */
  private answerTo(record: StepRecord & { state: "PAUSED" }): GivenAnswer {
    const { step, index, message, runId } = record;
    const answer = this.answers[stepLabel(step, index)] ?? this.answers[step];
    if (answer !== undefined) return answer;
    throw new StandstillError(
      `step ${stepLabel(step, index)} of run ${runId} waits for an approval that nobody gives ("${message}")`,
      {
        remedy: `Pass approvals: { ${step}: { approved: true, by: "…" } }, or "nobody" to let its deadline pass.`,
      },
    );
  }
}
