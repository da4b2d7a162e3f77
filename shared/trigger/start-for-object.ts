import type { Engine } from "../engine.ts";
import type { LandedObject, ObjectTrigger } from "../pipeline/trigger.ts";
import { type StartedRun, startRun } from "../run/start-run.ts";

function matches({ prefix, suffix }: ObjectTrigger, { key }: LandedObject): boolean {
  return key.startsWith(prefix) && key.endsWith(suffix);
}

/**
 * Starts a run of each pipeline that waits for such an object. The same event starts none a second time; a new version
 * of the object does.
 */
export async function startForObject(engine: Engine, object: LandedObject): Promise<StartedRun[]> {
  const started: StartedRun[] = [];
  for (const pipeline of engine.pipelines.values()) {
    for (const trigger of pipeline.triggers) {
      if (trigger.kind !== "object" || !matches(trigger, object)) continue;
      const { uri, versionId } = object;
      const run = await startRun(engine, {
        pipeline: pipeline.name,
        params: trigger.params(object),
        scheduledAt: object.at,
        cause: { kind: "object", uri, ...(versionId !== undefined && { versionId }) },
        causeKey: `${uri}#${versionId ?? ""}`,
      });
      started.push(run);
    }
  }
  if (started.length === 0) engine.log.info("no pipeline waits for this object", { uri: object.uri });
  return started;
}
