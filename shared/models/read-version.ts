import type { ModelVersion } from "../pipeline/model.ts";
import type { ModelRegistry } from "../ports/model-registry.ts";

/** A version by its number or by an alias; undefined if there is none. */
export async function readVersion(
  models: ModelRegistry,
  name: string,
  version: number | string,
): Promise<ModelVersion | undefined> {
  const number = typeof version === "number" ? version : await models.getAlias(name, version);
  return number === undefined ? undefined : models.getVersion(name, number);
}
