import { errorOf } from "../pipeline/millrace-error.ts";
import type { Pipeline } from "../pipeline/pipeline.ts";
import { withoutGpus } from "../pipeline/without-gpus.ts";
import { dependantsOf } from "../run/dependants.ts";

/** Two pipelines have the same name, one follows another that is not listed, or they start each other forever. */
export class CatalogueError extends errorOf("CATALOGUE") {}

type Catalogue = ReadonlyMap<string, Pipeline>;

/** Every pipeline that another one follows is deployed, and with the same definition. */
function checkUpstreamPipelines(catalogue: Catalogue): void {
  for (const { name, triggers } of catalogue.values()) {
    for (const trigger of triggers) {
      if (trigger.kind !== "run" || catalogue.get(trigger.pipeline.name) === trigger.pipeline) continue;
      throw new CatalogueError(`"${name}" follows "${trigger.pipeline.name}", which is not deployed`, {
        remedy: "Add that pipeline to pipelines/index.ts.",
      });
    }
  }
}

/** The pipelines whose runs a run of this one starts: its children, and those that follow its success. */
function startedBy(catalogue: Catalogue, { name, children }: Pipeline): string[] {
  const dependants = dependantsOf({ pipelines: catalogue }, name);
  return [...children.keys(), ...dependants.map(({ pipeline }) => pipeline.name)];
}

/** No run may start another run of its own pipeline, directly or through others: that would go on forever. */
function checkCycles(catalogue: Catalogue): void {
  const checked = new Set<string>();
  const follow = (pipeline: Pipeline, path: readonly string[]): void => {
    const { name } = pipeline;
    const from = path.indexOf(name);
    if (from >= 0) {
      const cycle = [...path.slice(from), name].map((each) => `"${each}"`).join(" starts ");
      throw new CatalogueError(`${cycle}, and so on without end`, { remedy: "Remove one of the triggers." });
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
 * Pipelines by name, including those that others run as their children.
 *
 * @param gpus whether the stage has GPUs; if not, jobs that can do without a GPU get no machine with one
 * @throws CatalogueError if two have the same name, one follows another that is not among them, or their runs would
 * start one another forever
 */
export function catalogueOf(
  pipelines: readonly Pipeline[],
  { gpus = true }: { gpus?: boolean } = {},
): Catalogue {
  const catalogue = new Map<string, Pipeline>();
  const clash = ({ name }: Pipeline) =>
    new CatalogueError(`two pipelines are named "${name}"`, {
      remedy: "Rename one; pipelines/index.ts lists them.",
    });
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
  checkUpstreamPipelines(catalogue);
  checkCycles(catalogue);
  return gpus ? catalogue : new Map([...catalogue].map(([name, each]) => [name, withoutGpus(each)]));
}
