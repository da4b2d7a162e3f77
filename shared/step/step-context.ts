import { createHash } from "node:crypto";
import { attemptPrefix } from "../objects/layout.ts";
import { MillraceError } from "../pipeline/millrace-error.ts";
import type { RawData, StepArtifacts, StepContext, StepLog } from "../pipeline/step-function.ts";
import type { Engine } from "../ports/engine.ts";
import { type ListedObject, parseObjectUri } from "../ports/object-store.ts";
import type { StoredStep } from "../ports/run-store.ts";
import { indexOf } from "../state/step-record.ts";
import type { AttemptGuard } from "./attempt-guard.ts";
import { publishArtifact, readPublished } from "./publish-artifact.ts";
import { publishNewest } from "./publish-newest.ts";
import { modelsFor } from "./step-models.ts";
import { logFacts, type StepWork } from "./step-work.ts";

function artifactsFor(engine: Engine, work: StepWork, held: StoredStep): StepArtifacts {
  const prefix = attemptPrefix(work.run, held);
  return {
    async write(name, body, mediaType) {
      const uri = engine.objects.locate(prefix + name);
      const { versionId } = await engine.objects.put(uri, body, mediaType);
      const bytes = Buffer.from(body);
      const sha256 = createHash("sha256").update(bytes).digest("hex");
      return { uri, sha256, bytes: bytes.length, mediaType, ...(versionId !== undefined && { versionId }) };
    },
    async read(uri) {
      const body = await engine.objects.get(uri);
      if (body === undefined) throw new MillraceError("OBJECT_READ", `${uri} does not exist`);
      return body;
    },
    delete: async (uri) => engine.objects.delete(uri),
    publish: async (artifact, key, { newest = false } = {}) =>
      newest
        ? publishNewest(engine, work.run, artifact, key)
        : publishArtifact(engine.objects, artifact, key),
    published: async (key) => readPublished(engine.objects, key),
  };
}

function rawDataOf({ objects }: Engine): RawData {
  return {
    async list(prefix) {
      if (!prefix.startsWith("raw/"))
        throw new MillraceError("RAW_DATA", `the prefix is "${prefix}", which is not under raw/`);
      const found: ListedObject[] = [];
      let next: string | undefined;
      do {
        const page = await objects.list(prefix, next);
        found.push(...page.objects.filter(({ key, bytes }) => bytes > 0 || !key.endsWith("/")));
        next = page.next;
      } while (next !== undefined);
      return found;
    },
    async find(uri) {
      const { key } = parseObjectUri(uri);
      if (!key.startsWith("raw/")) throw new MillraceError("RAW_DATA", `the key of ${uri} is not under raw/`);
      const head = await objects.head(uri);
      if (head === undefined) return undefined;
      const { bytes, versionId } = head;
      return { uri, bytes, ...(versionId !== undefined && { versionId }) };
    },
  };
}

function logFor(engine: Engine, work: StepWork, held: StoredStep): StepLog {
  const facts = logFacts(work, held);
  return {
    info: (message, fields) => engine.log.info(message, { ...facts, ...fields }),
    warn: (message, fields) => engine.log.warn(message, { ...facts, ...fields }),
    error: (message, fields) => engine.log.error(message, { ...facts, ...fields }),
  };
}

/** The context that a step's function gets. Once the attempt is over, its guard refuses all that reaches outside. */
export function contextFor(
  unguarded: Engine,
  work: StepWork,
  held: StoredStep,
  signal: AbortSignal,
  guard: AttemptGuard,
): StepContext {
  const engine = guard.engineFor(unguarded);
  const { runId, step, attempt } = held;
  const index = indexOf(held);
  return {
    ...{ pipeline: work.run.pipeline, runId, step, index, attempt, signal },
    scheduledAt: work.run.scheduledAt,
    log: logFor(engine, work, held),
    artifacts: artifactsFor(engine, work, held),
    raw: rawDataOf(engine),
    models: modelsFor(engine, { runId, step, index }),
  };
}
