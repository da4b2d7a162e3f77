import type { Pipeline } from "../pipeline/define-pipeline.ts";

/** Two pipelines have one name. */
export class CatalogueError extends Error {
  override readonly name = "CatalogueError";
}

/**
 * Pipelines by name, those included that others run as their children.
 *
 * @throws CatalogueError when two have the same name
 */
export function catalogueOf(pipelines: readonly Pipeline[]): ReadonlyMap<string, Pipeline> {
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
  return catalogue;
}
