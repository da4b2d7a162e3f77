import type { Pipeline } from "../pipeline/pipeline.ts";
import { withoutGpus } from "../pipeline/without-gpus.ts";
import { dependantsOf } from "../run/dependants.ts";

/** Two pipelines have one name, one follows another that is not listed, or they start each other for ever. */
export class CatalogueError extends Error {
  override readonly name = "CatalogueError";
}

type Catalogue = ReadonlyMap<string, Pipeline>;

/** Every pipeline that another follows is deployed, and as the same definition. */
function checkFollowed(catalogue: Catalogue): void {
  for (const { name, triggers } of catalogue.values()) {
    for (const trigger of triggers) {
      if (trigger.kind !== "run" || catalogue.get(trigger.pipeline.name) === trigger.pipeline) continue;
      throw new CatalogueError(
        `"${name}" follows "${trigger.pipeline.name}", which is not deployed; add that one to pipelines/index.ts`,
      );
    }
  }
}

/** The pipelines of which a run of one starts runs: as its children, and by its success. */
function startedBy(catalogue: Catalogue, { name, children }: Pipeline): string[] {
  const dependants = dependantsOf({ pipelines: catalogue }, name);
  return [...children.keys(), ...dependants.map(({ pipeline }) => pipeline.name)];
}

/** No run starts, by whatever it starts, another one of its own pipeline: that would go on for ever. */
function checkCycles(catalogue: Catalogue): void {
  const checked = new Set<string>();
  const follow = (pipeline: Pipeline, path: readonly string[]): void => {
    const { name } = pipeline;
    const from = path.indexOf(name);
    if (from >= 0) {
      const cycle = [...path.slice(from), name].map((each) => `"${each}"`).join(" starts ");
      throw new CatalogueError(`${cycle}, and so on for ever; leave out one of the triggers`);
    }
    if (checked.has(name)) return;
    for (const next of startedBy(catalogue, pipeline)) {
      const started = catalogue.get(next);
      if (started !== undefined) follow(started, [...path, name]);
    }
    checked.add(name);
  };
  for (const pipeline of catalogue.values()) follow(pipeline, []);
}

/**
 * Pipelines by name, those included that others run as their children.
 *
 * @param gpus whether the stage has GPUs; where it has none, jobs that can do without get no machine with one
 * @throws CatalogueError when two have the same name, one follows another that is not among them, or runs of theirs would
 * start one another for ever
 */
export function catalogueOf(
  pipelines: readonly Pipeline[],
  { gpus = true }: { gpus?: boolean } = {},
): Catalogue {
  const catalogue = new Map<string, Pipeline>();
  const clash = ({ name }: Pipeline) =>
    new CatalogueError(`two pipelines are named "${name}"; rename one (pipelines/index.ts lists them)`);
  const addChildren = ({ children }: Pipeline): void => {
    for (const child of children.values()) {
      const known = catalogue.get(child.name);
      if (known === child) continue;
      if (known !== undefined) throw clash(child);
      catalogue.set(child.name, child);
      addChildren(child);
    }
  };
  for (const pipeline of pipelines) {
    if (catalogue.has(pipeline.name)) throw clash(pipeline);
    catalogue.set(pipeline.name, pipeline);
  }
  for (const pipeline of pipelines) addChildren(pipeline);
  checkFollowed(catalogue);
  checkCycles(catalogue);
  return gpus ? catalogue : new Map([...catalogue].map(([name, each]) => [name, withoutGpus(each)]));
}
