import * as z from "zod";
import { type ClientConfig, readRunView, targetOf } from "../cli/readers/target.ts";
import { runScreen } from "../cli/screens/run-screen.ts";
import { child, definePipeline, lambda, type Pipeline, type Ref } from "../shared/pipeline/index.ts";
import type { RunStore } from "../shared/ports/run-store.ts";
import { noProgress } from "../shared/state/run.ts";
import type { StepRecord } from "../shared/state/step-record.ts";
import { aRun, timeAt } from "../test/factories.ts";
import { type Report, spreadOf } from "./report.ts";

const many = 1000;
const looks = 9;
/** Max. milliseconds of the fastest try: the others may be slow because of other programs on the machine. */
const budget = 300;
const maxConcurrentWrites = 50;

const params = z.strictObject({});
const single = definePipeline({ name: "single", params }, ({ step }) =>
  step(
    "only",
    lambda({}, () => 1),
  ),
);
const chain = definePipeline({ name: "chain", params }, ({ step }) => {
  let last: Ref<number> | undefined;
  for (let number = 0; number < many; number += 1) {
    last = step(
      `step_${number}`,
      lambda(last === undefined ? {} : { last }, () => number),
    );
  }
});
const family = definePipeline({ name: "family", params }, ({ map }) => {
  map("each", Array.from({ length: many }, String), () => child(single, {}));
});

function recordsOf(runId: string, pipeline: Pipeline): StepRecord[] {
  const ended = { startedAt: timeAt(1), endedAt: timeAt(2), epoch: 1, attempt: 1, failures: 0 };
  const done = { runId, state: "SUCCEEDED", output: { value: { rows: 1 } }, ...ended } as const;
  if (pipeline !== family) return pipeline.graph.steps.map(({ name }) => ({ ...done, step: name, index: 0 }));
  const children = Array.from({ length: many }, (_, index): StepRecord => {
    const runOfChild = `20211004T162100Z-child${String(index).padStart(7, "0")}`;
    return { ...done, step: "each", index, child: { runId: runOfChild, epoch: 1 } };
  });
  return [{ ...done, step: "each", index: "map", children: many }, ...children];
}

async function store(runs: RunStore, pipeline: Pipeline): Promise<string> {
  const { graph, graphHash, name } = pipeline;
  const progress = { ...noProgress, done: new Set(graph.steps.map(({ number }) => number)) };
  const run = aRun({ pipeline: name, graphHash, progress });
  await runs.putGraph(graphHash, graph);
  await runs.createRun(run, 0);
  const records = recordsOf(run.runId, pipeline);
  for (let at = 0; at < records.length; at += maxConcurrentWrites) {
    await Promise.all(
      records.slice(at, at + maxConcurrentWrites).map((record) => runs.putStep(record, undefined)),
    );
  }
  return run.runId;
}

/** How long `millrace run` takes from the table to the screen, without the start of its process. */
export async function lookAtLongRuns(stage: string, config: ClientConfig): Promise<Report> {
  const rows = [];
  const overBudget: string[] = [];
  const pipelines = [
    [`${many} steps, one after the other`, chain],
    [`a map of ${many} runs`, family],
  ] as const;
  for (const [what, pipeline] of pipelines) {
    const runId = await store(targetOf(stage, config).store, pipeline);
    const times: number[] = [];
    for (let look = 0; look <= looks; look += 1) {
      // Each command starts like this, with new clients and no remembered graphs.
      const target = targetOf(stage, config);
      const before = performance.now();
      runScreen(await readRunView(target, runId), 100);
      times.push(performance.now() - before);
    }
    const spread = spreadOf(times.slice(1));
    rows.push([what, spread]);
    if (spread.min > budget) overBudget.push(`a run of ${what}: ${spread.min} ms, budget ${budget}`);
  }
  const notes = [`${looks} looks after a first one: median (min–max). Most of it is the emulator's.`];
  return {
    tables: [{ title: "A look at a long run, on the local stack", columns: ["a run of", "ms"], rows, notes }],
    overBudget,
  };
}
