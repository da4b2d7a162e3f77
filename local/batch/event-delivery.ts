import type { Job } from "./job.ts";
import type { Misbehaviour } from "./misbehaviour.ts";
import { jobDetail, type StatusSummary } from "./present.ts";
import type { BatchStore } from "./store.ts";

const RETRY_MS = 200;
const ENTRIES_A_REQUEST = 100;
const MAX_REORDER_MS = 1000;

type Entry = { Source: string; DetailType: string; Detail: string; Resources: string[] };
type Waiting = { seq: number; jobId: string; entry: Entry; notBefore: number; held: boolean };
type Kept = { jobId: string; entry: Entry; notBefore: number };

/**
 * Delivers job state changes to the local stack's EventBridge, which matches them against the deployed rules. The store
 * keeps each event until EventBridge has accepted it, so it survives a restart of either side. Delivery is at least
 * once and, like on AWS, in no guaranteed order.
 */
export class EventDelivery {
  /**
   * Due events, in the order of their delivery. Emptied from the front; separate from `later`, because that may be
   * long.
   */
  private ready: Waiting[] = [];
  /** Events that are delayed, or held back until another one overtakes them. */
  private later: Waiting[] = [];
  private readonly store: BatchStore;
  private readonly misbehaviour: Misbehaviour;
  private readonly url: string;
  private timer: NodeJS.Timeout | undefined;
  private sending = false;
  private closed = false;

  constructor(store: BatchStore, misbehaviour: Misbehaviour, eventsUrl: string) {
    this.store = store;
    this.misbehaviour = misbehaviour;
    this.url = eventsUrl;
    for (const { seq, body } of store.events()) {
      this.later.push({ seq, held: false, ...(JSON.parse(body) as Kept) });
    }
    this.schedule();
  }

  /** Number of events that EventBridge has not accepted yet. */
  get pending(): number {
    return this.ready.length + this.later.length;
  }

  /** Stores the event of a job's current state for delivery. Call it in the transaction that changes the state. */
  publish(job: Job, summary: StatusSummary | undefined): void {
    const occasion = { jobName: job.jobName, status: job.status, attempt: job.attempts.length + 1 };
    if (this.misbehaviour.strikes("drop-event", occasion) !== undefined) return;
    const delayed = this.misbehaviour.strikes("delay-event", occasion);
    const held = this.later.filter((event) => event.held && event.jobId === job.jobId);
    // Hold back one at a time. Otherwise each would wait for the next, and all would come in order after all.
    const reordered = held.length > 0 ? undefined : this.misbehaviour.strikes("reorder-events", occasion);
    const copies = this.misbehaviour.strikes("duplicate-event", occasion) === undefined ? 1 : 2;
    const entry: Entry = {
      Source: "aws.batch",
      DetailType: "Batch Job State Change",
      Detail: JSON.stringify(jobDetail(job, summary)),
      Resources: [job.jobArn],
    };
    const wait = delayed?.delayMs ?? (reordered === undefined ? 0 : reordered.delayMs || MAX_REORDER_MS);
    const kept: Kept = { jobId: job.jobId, entry, notBefore: Date.now() + wait };
    for (let copy = 0; copy < copies; copy++) {
      const seq = this.store.addEvent(JSON.stringify(kept));
      const event = { seq, held: reordered !== undefined, ...kept };
      if (wait === 0) this.ready.push(event);
      else this.later.push(event);
    }
    // A held-back event comes right after the event that has now overtaken it.
    for (const event of held) event.notBefore = 0;
    this.schedule();
  }

  /** Stops sending; waiting events stay in the store. */
  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
  }

  private schedule(delayMs?: number): void {
    if (this.closed || this.sending || this.pending === 0) return;
    clearTimeout(this.timer);
    const first = this.ready.length > 0 ? 0 : Math.min(...this.later.map((event) => event.notBefore));
    this.timer = setTimeout(() => void this.send(), delayMs ?? Math.max(first - Date.now(), 0));
  }

  private async send(): Promise<void> {
    if (this.closed || this.sending) return;
    this.sending = true;
    let delay: number | undefined;
    try {
      const now = Date.now();
      this.ready.push(...this.later.filter((event) => event.notBefore <= now));
      this.later = this.later.filter((event) => event.notBefore > now);
      const due = this.ready.slice(0, ENTRIES_A_REQUEST);
      if (due.length > 0) {
        const taken = new Set(await this.post(due));
        if (this.closed) return;
        this.store.transaction(() => {
          for (const seq of taken) this.store.removeEvent(seq);
        });
        this.ready.splice(0, due.length, ...due.filter((event) => !taken.has(event.seq)));
        if (taken.size < due.length) delay = RETRY_MS;
      }
    } catch {
      // The stack is down or starting: the event waits for it.
      delay = RETRY_MS;
    } finally {
      this.sending = false;
    }
    this.schedule(delay);
  }

  private async post(due: Waiting[]): Promise<number[]> {
    const response = await fetch(this.url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ Entries: due.map((event) => event.entry) }),
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) return [];
    const answer = (await response.json()) as { Entries: { ErrorCode?: string }[] };
    return due.filter((_, i) => answer.Entries[i]?.ErrorCode === undefined).map((event) => event.seq);
  }
}
