import { setTimeout as delay } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import type { StoredStep } from "../../../shared/ports/run-store.ts";
import { hasResult } from "../../../shared/state/step-record.ts";
import type { DeployedService } from "../deployed-service.ts";

/** Milliseconds between two looks at all records. */
const pollMs = 1500;

/** Watches the records of runs while they're under way: once a record has a result, it keeps it whatever happens. */
export class ResultWatch {
  readonly violations: string[] = [];
  private readonly results = new Map<string, StoredStep>();
  private readonly service: DeployedService;
  private readonly ending = new AbortController();
  private watching: Promise<void> | undefined;

  constructor(service: DeployedService) {
    this.service = service;
  }

  private compare(record: StoredStep): void {
    const place = `${record.runId} ${record.step}[${record.index}]`;
    const known = this.results.get(place);
    if (known === undefined) {
      if (hasResult(record)) this.results.set(place, record);
      return;
    }
    const { version: _known, ...before } = known;
    const { version: _now, ...now } = record;
    if (!isDeepStrictEqual(before, now))
      this.violations.push(
        `${place} had a result and changed: ${JSON.stringify(known)} became ${JSON.stringify(record)}`,
      );
  }

  /** Looks at runs and at their child runs. */
  private async look(runIds: readonly string[]): Promise<void> {
    for (const runId of runIds) {
      const records = await this.service.steps(runId);
      for (const record of records) this.compare(record);
      await this.look(records.flatMap(({ child }) => child?.runId ?? []));
    }
  }

  begin(runIds: readonly string[]): void {
    const watch = async () => {
      while (!this.ending.signal.aborted) {
        // If the stack is down, there is nothing to see.
        await this.look(runIds).catch(() => undefined);
        await delay(pollMs, undefined, { signal: this.ending.signal }).catch(() => undefined);
      }
      await this.look(runIds);
    };
    this.watching = watch();
  }

  /** Looks one last time. @returns how many results were seen */
  async end(): Promise<number> {
    this.ending.abort();
    await this.watching;
    return this.results.size;
  }
}
