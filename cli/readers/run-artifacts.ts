import { artifactName, artifactsMadeBy } from "../../shared/batch/made-artifacts.ts";
import { attemptOfKey } from "../../shared/objects/layout.ts";
import type { Graph } from "../../shared/pipeline/graph.ts";
import type { Artifact } from "../../shared/pipeline/job.ts";
import { MillraceError } from "../../shared/pipeline/millrace-error.ts";
import { type ObjectStore, parseObjectUri } from "../../shared/ports/object-store.ts";
import type { Run } from "../../shared/state/run.ts";
import { type FoundStep, hasResult, type SucceededStep, stepLabel } from "../../shared/state/step-record.ts";
import type { StepPlace } from "../step-place.ts";

/** An object that a step made: the step, where it's in S3, and its name there. */
export type RunArtifact = Artifact & {
  step: string;
  /** The child's index, if the step is mapped. */
  index?: number;
  /** Its path below the attempt's prefix: `report/scores.table.json`. */
  name: string;
  /** Whether a step has removed it since. Its version can still be read for a while. */
  removed: boolean;
};

type Place = Pick<RunArtifact, "step" | "index" | "name">;

/** A step's text, with the child's index if it's mapped: `train_model[3]`. */
export function placeText({ step, index }: Pick<RunArtifact, "step" | "index">): string {
  return stepLabel(step, index);
}

/**
 * The place of an artifact that the step itself made. Undefined if others made it, because a result may name the step's
 * input.
 */
function ownPlace({ uri }: Artifact, record: SucceededStep, mapped: boolean): Place | undefined {
  const { key } = parseObjectUri(uri);
  const attempt = attemptOfKey(key);
  const maker = record.state === "CACHED" ? record.cachedFrom : record;
  if (attempt === undefined || attempt.runId !== maker.runId || attempt.step !== maker.step) return undefined;
  return {
    step: record.step,
    ...(mapped && typeof record.index === "number" && { index: record.index }),
    name: artifactName(uri),
  };
}

/** How many records' objects are read at once. */
const lanes = 16;

/** URIs of the objects that a run's prefix holds now. */
async function presentUnder(objects: ObjectStore, prefix: string): Promise<Set<string>> {
  const present = new Set<string>();
  let next: string | undefined;
  do {
    const page = await objects.list(prefix, next);
    for (const { uri } of page.objects) present.add(uri);
    next = page.next;
  } while (next !== undefined);
  return present;
}

/**
 * The artifacts of all steps with a result, in the order of the steps.
 *
 * @throws ValueMissingError if the object that holds a result is gone
 */
export async function runArtifacts(
  objects: ObjectStore,
  run: Run,
  graph: Graph,
  records: readonly FoundStep[],
): Promise<RunArtifact[]> {
  const nodes = new Map(graph.steps.map((node) => [node.name, node]));
  const made: RunArtifact[] = [];
  const ended = records.filter(hasResult).filter(({ index, step }) => index !== "map" && nodes.has(step));
  const isPresent = await presentOf(objects, run, ended);
  for (let from = 0; from < ended.length; from += lanes) {
    const found = await Promise.all(
      ended.slice(from, from + lanes).map(async (record) => {
        const node = nodes.get(record.step);
        const artifacts = await artifactsMadeBy(objects, run, record, node?.task.kind === "batch");
        return artifacts.flatMap((each): RunArtifact[] => {
          const place = ownPlace(each, record, node?.over !== undefined);
          return place === undefined ? [] : [{ ...place, ...each, removed: !isPresent(each.uri) }];
        });
      }),
    );
    made.push(...found.flat());
  }
  const number = ({ step }: RunArtifact) => nodes.get(step)?.number ?? 0;
  const unique = [...new Map(made.map((each) => [`${placeText(each)} ${each.uri}`, each])).values()];
  return unique.sort((a, b) => number(a) - number(b) || (a.index ?? 0) - (b.index ?? 0));
}

/**
 * Returns a check for whether an object still exists. It lists this run once, and each run that results were taken
 * from.
 */
async function presentOf(
  objects: ObjectStore,
  run: Run,
  records: readonly SucceededStep[],
): Promise<(uri: string) => boolean> {
  const others = records.flatMap((record) => (record.state === "CACHED" ? [record.cachedFrom.runId] : []));
  const runs = [...new Set([run.runId, ...others])];
  const listed = await Promise.all(
    runs.map((runId) => presentUnder(objects, `runs/${run.pipeline}/${runId}/`)),
  );
  return (uri) => listed.some((present) => present.has(uri));
}

/**
 * The artifact of a step that a name means: its full name, or the last part of it.
 *
 * @throws MillraceError listing the artifacts that exist
 */
export function artifactNamed(
  artifacts: readonly RunArtifact[],
  { step, index }: StepPlace,
  name: string,
): RunArtifact {
  const ofStep = artifacts.filter(
    (each) => each.step === step && (index === undefined || (each.index ?? 0) === index),
  );
  if (ofStep.length === 0) {
    throw new MillraceError(
      "ARTIFACT_NOT_FOUND",
      `step ${placeText({ step, ...(index !== undefined && { index }) })} made no artifact, or has no result yet`,
    );
  }
  const exact = ofStep.filter((each) => each.name === name);
  const found = exact.length > 0 ? exact : ofStep.filter((each) => each.name.endsWith(`/${name}`));
  const [only, another] = found;
  if (only === undefined) {
    const names = [...new Set(ofStep.map((each) => each.name))];
    throw new MillraceError(
      "ARTIFACT_NOT_FOUND",
      `NAME is "${name}"; step ${step} made ${names.slice(0, 12).join(", ")}${names.length > 12 ? ", …" : ""}`,
    );
  }
  if (another === undefined) return only;
  const places = found.slice(0, 6).map((each) => `${placeText(each)} ${each.name}`);
  throw new MillraceError(
    "ARTIFACT_NOT_FOUND",
    `NAME is "${name}", and ${found.length} artifacts have that name: ${places.join("; ")}`,
    { remedy: "Use the step and the full name of one of them." },
  );
}
