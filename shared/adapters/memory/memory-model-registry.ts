import { canonicalJson } from "../../pipeline/json.ts";
import type { ModelVersion } from "../../pipeline/model.ts";
import type { AliasMove, ModelAlias, ModelRegistry } from "../../ports/model-registry.ts";

type Model = {
  readonly numbers: Map<string, number>;
  readonly versions: Map<number, ModelVersion>;
  readonly moves: Map<string, AliasMove[]>;
};

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** A model registry whose content is lost when the process ends. */
export class MemoryModelRegistry implements ModelRegistry {
  private readonly models = new Map<string, Model>();

  private model(name: string): Model {
    const known = this.models.get(name);
    if (known !== undefined) return known;
    const made: Model = { numbers: new Map(), versions: new Map(), moves: new Map() };
    this.models.set(name, made);
    return made;
  }

  async reserveVersion(name: string, source: string): Promise<number> {
    const { numbers } = this.model(name);
    const number = numbers.get(source) ?? numbers.size + 1;
    numbers.set(source, number);
    return number;
  }

  async putVersion(version: ModelVersion): Promise<ModelVersion> {
    const { versions } = this.model(version.name);
    const stored = versions.get(version.version) ?? structuredClone(version);
    versions.set(version.version, stored);
    return structuredClone(stored);
  }

  async getVersion(name: string, version: number): Promise<ModelVersion | undefined> {
    return structuredClone(this.models.get(name)?.versions.get(version));
  }

  async listVersions(name: string): Promise<ModelVersion[]> {
    const versions = [...(this.models.get(name)?.versions.values() ?? [])];
    return structuredClone(versions.sort((a, b) => a.version - b.version));
  }

  async newestVersions(
    name: string,
    limit: number,
    below = Number.POSITIVE_INFINITY,
  ): Promise<ModelVersion[]> {
    const versions = await this.listVersions(name);
    return versions
      .filter(({ version }) => version < below)
      .reverse()
      .slice(0, limit);
  }

  async listNames(): Promise<string[]> {
    return [...this.models].flatMap(([name, { versions }]) => (versions.size > 0 ? [name] : [])).sort(byText);
  }

  async getAlias(name: string, alias: string): Promise<number | undefined> {
    return this.models.get(name)?.moves.get(alias)?.at(-1)?.to;
  }

  async listAliases(name: string): Promise<ModelAlias[]> {
    const moves = [...(this.models.get(name)?.moves ?? [])];
    return moves
      .flatMap(([alias, of]) => of.slice(-1).map(({ to: version }) => ({ alias, version })))
      .sort((a, b) => byText(a.alias, b.alias));
  }

  async moveAlias(move: AliasMove): Promise<boolean> {
    const { moves } = this.model(move.name);
    const log = moves.get(move.alias) ?? [];
    const repeated = log[move.number - 1];
    if (repeated !== undefined) return canonicalJson(repeated) === canonicalJson(move);
    if (move.number !== log.length + 1) return false;
    moves.set(move.alias, [...log, structuredClone(move)]);
    return true;
  }

  async listMoves(name: string, alias: string): Promise<AliasMove[]> {
    return structuredClone(this.models.get(name)?.moves.get(alias) ?? []);
  }
}
