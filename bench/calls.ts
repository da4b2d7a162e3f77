import { startCountedEngine } from "./counted-engine.ts";
import type { Cell, Report } from "./report.ts";
import { chainSteps, type Handled, jobCalls, mapCalls, maxCost, type StepCost } from "./step-calls.ts";

/**
 * What a Lambda step may cost in steady state. It's the design budget, and the reason that a step costs next to
 * nothing.
 */
export const stepBudget = { writeUnits: 3, reads: 2, sends: 1 } as const;

/** Describes where a step costs more than its budget. */
export function overBudgetLines(what: string, cost: StepCost): string[] {
  return (["writeUnits", "reads", "sends"] as const)
    .filter((part) => cost[part] > stepBudget[part])
    .map((part) => `${what}: ${cost[part]} ${part}, budget ${stepBudget[part]}`);
}

/** Items of a list that is stored in the table, and of one that is stored in S3. Both lists take two shards. */
const sizes = { inline: 205, stored: 1000 };

function row(what: string, handled: readonly Handled[]): Cell[] {
  const { messages, writes, writeUnits, reads, readUnits, sends, objects, batch } = maxCost(handled);
  return [what, messages, writes, writeUnits, reads, readUnits, sends, objects, batch];
}

/** Counts the requests that steps make, with the AWS adapters on a MiniStack. */
export async function measureCalls(): Promise<Report> {
  const counted = await startCountedEngine();
  try {
    const steps = await chainSteps(counted);
    const small = await mapCalls(counted, sizes.inline);
    const job = await jobCalls(counted);
    const large = await mapCalls(counted, sizes.stored, 300);
    const table = {
      title: "Requests to AWS for each message that is handled",
      columns: ["", "messages", "writes", "WCU", "reads", "RCU", "sends", "S3", "Batch"],
      rows: [
        row("chain: a step", steps),
        row(`map of ${sizes.inline}: expansion`, small.expansion),
        row(`map of ${sizes.inline}: start of a shard`, small.shards),
        row(`map of ${sizes.inline}: a child`, small.children),
        row(`map of ${sizes.inline}: last child of a shard`, small.lastOfShard),
        row(`map of ${sizes.stored}: a child (list in S3)`, large.children),
        row("Batch step: submission", [job.submission]),
        row("Batch step: event RUNNING", [job.progress]),
        row("Batch step: event SUCCEEDED", [job.end]),
      ],
      notes: [
        "Counted at the SDK, past its retries; of several messages the dearest. Exact, not a sample.",
        "WCU: write units (1 KB) of table and indexes. RCU: read units (4 KB, strongly consistent).",
        "Both follow from the sizes of the items before and after each write, by AWS's rules.",
        "Receiving and deleting messages is Lambda's, not the engine's, and not in here.",
      ],
    };
    return {
      tables: [table],
      overBudget: [
        ...overBudgetLines("chain step", maxCost(steps)),
        ...overBudgetLines("map child", maxCost(small.children)),
      ],
    };
  } finally {
    await counted.stop();
  }
}
