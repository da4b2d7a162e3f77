import { evaluate } from "../../shared/pipeline/expression.ts";
import type { Json } from "../../shared/pipeline/json.ts";
import { errorTitle, MillraceError } from "../../shared/pipeline/millrace-error.ts";
import { viewRun } from "../../shared/run/run-view.ts";
import { childrenOf, hasResult } from "../../shared/state/step-record.ts";
import { resultOf } from "../../shared/step/run-result.ts";
import { scopeFor } from "../../shared/step/step-input.ts";
import { loadValue } from "../../shared/step/stored-value.ts";
import { checkPlace, type StepPlace } from "../step-place.ts";
import { placeText } from "./run-artifacts.ts";
import { graphOfRun, runNamed, type Target } from "./target.ts";

type Reading = Pick<Target, "store" | "objects" | "stage">;

/**
 * A run's result for others: what its pipeline returned.
 *
 * @throws MillraceError if the run hasn't succeeded, or its pipeline returns nothing
 * @throws ExpressionError if the result uses that of a step that was skipped
 * @throws ValueMissingError if an object that holds a result is gone
 */
export async function readRunResult(target: Reading, runId: string): Promise<Json> {
  const run = await runNamed(target, runId);
  const graph = await graphOfRun(target, run);
  const steps = {
    remedy: `Look at a step's result: \`npx millrace result ${runId} STEP\` with ${graph.steps.map(({ name }) => name).join(", ")}.`,
  };
  if (graph.output === undefined)
    throw new MillraceError("RESULT_MISSING", `pipeline ${run.pipeline} returns nothing`, steps);
  if (run.state !== "SUCCEEDED") {
    throw new MillraceError(
      "RESULT_MISSING",
      `run ${runId} is ${run.state}; it has a result once it is SUCCEEDED`,
      steps,
    );
  }
  return resultOf({ store: target.store, objects: await target.objects() }, run, graph);
}

/**
 * The result of a step, or of one child of a map. For a whole map, it's the list of the children's results.
 *
 * @throws MillraceError if the run has no such step, or the step has no result; the error says how the step stands
 * @throws ValueMissingError if an object that holds a result is gone
 */
export async function readStepResult(target: Reading, runId: string, place: StepPlace): Promise<Json> {
  const run = await runNamed(target, runId);
  const graph = await graphOfRun(target, run);
  const mapped = new Set(graph.steps.flatMap(({ name, over }) => (over === undefined ? [] : [name])));
  checkPlace(
    "STEP",
    place,
    graph.steps.map(({ name }) => ({ name, mapped: mapped.has(name) })),
  );
  const { step, index } = place;
  const isMap = mapped.has(step) && index === undefined;
  const records = await target.store.listSteps(runId);
  const own = records.find(
    (record) => record.step === step && record.index === (isMap ? "map" : (index ?? 0)),
  );
  if (own === undefined || !hasResult(own)) {
    const map = records.find((record) => record.step === step && record.index === "map");
    const children = map && childrenOf(map);
    if (index !== undefined && children !== undefined && index >= children) {
      throw new MillraceError(
        "STEP_NOT_FOUND",
        `STEP is "${placeText(place)}"; the list of ${step} has ${children} items, from 0`,
      );
    }
    const view = viewRun(run, graph, records, Date.now()).steps.find(({ name }) => name === step);
    const state = own === undefined && mapped.has(step) && !isMap ? "WAITING" : (own?.state ?? view?.state);
    const error = own !== undefined && "error" in own ? own.error : undefined;
    const why = error === undefined ? "" : `: ${errorTitle(error)}`;
    throw new MillraceError(
      "RESULT_MISSING",
      `${placeText(place)} of run ${runId} has no result; it is ${state}${why}`,
    );
  }
  const results = { store: target.store, objects: await target.objects() };
  if (!isMap) return loadValue(results, own.output);
  const all = { $step: [step] };
  return evaluate(all, await scopeFor(results, run, graph, [all]));
}
