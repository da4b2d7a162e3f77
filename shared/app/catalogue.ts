import type { Pipeline } from "../pipeline/define-pipeline.ts";

/** Two pipelines have one name. */
export class CatalogueError extends Error {
  override readonly name = "CatalogueError";
}

/**
 * Pipelines by name.
 *
 * @throws CatalogueError when two have the same name
 */
export function catalogueOf(pipelines: readonly Pipeline[]): ReadonlyMap<string, Pipeline> {
  const catalogue = new Map<string, Pipeline>();
  for (const pipeline of pipelines) {
    if (catalogue.has(pipeline.name)) {
      throw new CatalogueError(
        `two pipelines are named "${pipeline.name}"; rename one (pipelines/index.ts lists them)`,
      );
    }
    catalogue.set(pipeline.name, pipeline);
  }
  return catalogue;
}
