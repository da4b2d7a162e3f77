import type { StoredStep } from "../shared/ports/run-store.ts";
import { knownSteps } from "../shared/state/read-step.ts";
import type { EndedRun } from "../shared/state/run.ts";
import { hasEnded } from "../shared/state/step-record.ts";
import { type BenchService, startBenchService } from "./bench-service.ts";
import { finishedRun } from "./finished-run.ts";
import { chain, chainLength, wide } from "./pipelines.ts";
import { type Report, type Spread, spreadOf, type Table } from "./report.ts";

const chainRuns = 5;
const mapRuns = 5;
const mapSize = 1000;
const callsEach = 200;

/** Milliseconds between start and end, by the functions' clock. */
const elapsed = ({ startedAt, endedAt }: { startedAt: string; endedAt: string }) =>
  Date.parse(endedAt) - Date.parse(startedAt);

/** For each step, the time between claim and commit; and the time from each step's commit to the next one's claim. */
function parts(records: readonly StoredStep[]): { held: number[]; between: number[] } {
  const ended = records
    .flatMap((record) => (hasEnded(record) ? [record] : []))
    .toSorted((a, b) => a.step.localeCompare(b.step));
  return {
    held: ended.map(elapsed),
    between: ended
      .slice(1)
      .map(({ startedAt }, place) => Date.parse(startedAt) - Date.parse(ended[place]?.endedAt ?? "")),
  };
}

async function timedCalls(call: () => Promise<unknown>): Promise<Spread> {
  const taken: number[] = [];
  for (let time = 0; time < callsEach; time += 1) {
    const start = performance.now();
    await call();
    taken.push(performance.now() - start);
  }
  return spreadOf(taken);
}

/** How long single calls take on this stack, one after another from outside. */
async function callTimes({ stack, store, queue }: BenchService, run: EndedRun): Promise<Table> {
  const { runId, epoch } = run;
  const [held] = knownSteps(await store.listSteps(runId, "step_050"));
  if (held === undefined) throw new Error("the chain has no step 50");
  const message = { runId, step: held.step, index: 0, epoch };
  const read = await timedCalls(() => store.getRun(runId));
  const write = await timedCalls(() => store.putStep({ ...held, step: "scratch" }, "none"));
  const send = await timedCalls(() => queue.send([message]));
  const invoke = await timedCalls(() => stack.invoke("millrace-local-object-created", { Records: [] }));
  return {
    title: "Single calls to the same stack, one after another",
    columns: ["", "a step with a message of its own makes", "ms"],
    rows: [
      ["read a run", 2, read],
      ["write a step (condition refused)", 3, write],
      ["send a message", 1, send],
      ["invoke a function with nothing to do", 1, invoke],
    ],
    notes: ["Steps that follow one another in one worker make the writes alone."],
  };
}

/** Milliseconds per step of the deployed service on the local stack. */
export async function measureLocalStack(): Promise<Report> {
  const service = await startBenchService();
  try {
    // The first runs start the workers.
    await finishedRun(service, chain.name, {});
    await finishedRun(service, wide.name, { size: mapSize });
    const chains: EndedRun[] = [];
    for (let time = 0; time < chainRuns; time += 1) {
      chains.push((await finishedRun(service, chain.name, {})).run);
    }
    const [first] = chains;
    if (first === undefined) throw new Error("no chain ran");
    const maps: EndedRun[] = [];
    for (let time = 0; time < mapRuns; time += 1) {
      maps.push((await finishedRun(service, wide.name, { size: mapSize })).run);
    }
    const records = await Promise.all(chains.map(({ runId }) => service.store.listSteps(runId)));
    const split = records.map(knownSteps).map(parts);
    const rows = [
      [`chain of ${chainLength}`, chainRuns, spreadOf(chains.map((run) => elapsed(run) / chainLength))],
      ["  of it: from claim to commit", "", spreadOf(split.flatMap(({ held }) => held))],
      ["  of it: from commit to next claim", "", spreadOf(split.flatMap(({ between }) => between))],
      [
        `map of ${mapSize.toLocaleString("en-US")}`,
        mapRuns,
        spreadOf(maps.map((run) => elapsed(run) / mapSize)),
      ],
    ];
    const table = {
      title: "The deployed service on the local stack",
      columns: ["", "runs", "ms a step"],
      rows,
      notes: [
        "Median (min–max): of runs for chain and map, of single steps for the two parts. Steps do nothing.",
        "From the run's start to its end by the functions' own clock. A map's children run up to 4 workers wide.",
      ],
    };
    return { tables: [table, await callTimes(service, first)], overBudget: [] };
  } finally {
    await service.stop();
  }
}
