import type { LandedObject, ObjectTrigger, Pipeline } from "../pipeline/pipeline.ts";
import type { Engine } from "../ports/engine.ts";
import { type StartedRun, startRun } from "../run/start-run.ts";

function matches({ prefix, suffixes }: ObjectTrigger, { key }: LandedObject): boolean {
  return key.startsWith(prefix) && suffixes.some((suffix) => key.endsWith(suffix));
}

/**
 * The time of a version's run. The same version is one cause, whatever the time of the event about it: the first
 * event decides. Without versions, S3's sequencer distinguishes what was written to a key.
 */
function timeOf(engine: Engine, pipeline: Pipeline, { uri, versionId, sequencer, at }: LandedObject) {
  const version = versionId ?? sequencer;
  return version === undefined ? at : engine.store.firstTimeOf(pipeline.name, `${uri}#${version}`, at);
}

async function startOne(
  engine: Engine,
  pipeline: Pipeline,
  trigger: ObjectTrigger,
  object: LandedObject,
): Promise<StartedRun> {
  const { uri, versionId, sequencer } = object;
  return startRun(engine, {
    pipeline: pipeline.name,
    params: trigger.params(object),
    scheduledAt: await timeOf(engine, pipeline, object),
    cause: {
      ...{ kind: "object", uri },
      ...(versionId !== undefined && { versionId }),
      ...(sequencer !== undefined && { sequencer }),
    },
    causeKey: `${uri}#${versionId ?? sequencer ?? ""}`,
  });
}

/** Hints the steps that wait for an object. @returns how many there are */
async function hintWaiters(engine: Engine, { uri }: LandedObject): Promise<number> {
  const waiters = await engine.waiters.list(uri);
  if (waiters.length > 0) await engine.queue.send(waiters);
  return waiters.length;
}

/**
 * Starts a run of each pipeline that waits for such an object. A duplicate event doesn't start a second run; a new
 * version of the object does. Also hints the steps that wait for the object.
 *
 * @throws AggregateError if some pipelines could not be started; the others were
 */
export async function startForObject(engine: Engine, object: LandedObject): Promise<StartedRun[]> {
  const started: StartedRun[] = [];
  const errors: unknown[] = [];
  for (const pipeline of engine.pipelines.values()) {
    for (const trigger of pipeline.triggers) {
      if (trigger.kind !== "object" || !matches(trigger, object)) continue;
      try {
        started.push(await startOne(engine, pipeline, trigger, object));
      } catch (error) {
        errors.push(error);
      }
    }
  }
  const waiting = await hintWaiters(engine, object);
  if (errors.length > 0) throw new AggregateError(errors, `${object.uri}: ${errors.map(String).join("; ")}`);
  if (started.length + waiting === 0)
    engine.log.info("no pipeline waits for this object", { uri: object.uri });
  return started;
}
