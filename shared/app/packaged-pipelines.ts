import type { Graph } from "../pipeline/graph.ts";
import { errorOf } from "../pipeline/millrace-error.ts";
import type { ObjectTrigger, Pipeline, RunTrigger, Trigger } from "../pipeline/pipeline.ts";
import type { ScheduleTrigger } from "../pipeline/schedule-trigger.ts";
import { graphWithoutGpus, withoutGpus } from "../pipeline/without-gpus.ts";

/** A trigger without its function. A schedule has no function: it is pure data. */
type TriggerFacts =
  | ScheduleTrigger
  | Pick<ObjectTrigger, "kind" | "prefix" | "suffixes">
  | { readonly kind: "run"; readonly pipeline: string };

/** What a function knows about a pipeline before it loads any part of it, as JSON. */
export type PipelineFacts = Pick<Pipeline, "name" | "concurrency" | "tags" | "runName"> & {
  /** Hashes of its graph in a stage with GPUs, and in one without. */
  readonly graphHash: string;
  readonly graphHashWithoutGpus: string;
  readonly triggers: readonly TriggerFacts[];
};

/** What a function loads of a pipeline: its parameters and triggers to start a run, all of it to work on steps. */
export type LoadedPipeline = Pick<Pipeline, "name" | "params" | "triggers"> & Partial<Pipeline>;

/** How a packaged function loads the parts of a pipeline by its name. Each part is read from disk once. */
export type PipelineParts = {
  graph(name: string): Graph;
  code(name: string): LoadedPipeline;
};

/** A part of a pipeline isn't in this function's package, or differs from the one that the package was built from. */
export class PipelinePartError extends errorOf("PIPELINE_PART") {}

type Kind = Trigger["kind"];
type TriggerOf<K extends Kind> = Extract<Trigger, { kind: K }>;
type FactsOf<K extends Kind> = Extract<TriggerFacts, { kind: K }>;

/** What a trigger without its function needs to become complete again. */
type TriggerContext = {
  /** Name of the pipeline that it starts. */
  readonly name: string;
  readonly pipelines: ReadonlyMap<string, Pipeline>;
  /** The same trigger in the form that the pipeline's code defines it. */
  readonly defined: () => Trigger | undefined;
};

/** How a kind of trigger is packaged and made complete again. */
type TriggerPackaging<K extends Kind> = {
  readonly pack: (trigger: TriggerOf<K>) => FactsOf<K>;
  readonly unpack: (facts: FactsOf<K>, context: TriggerContext) => TriggerOf<K>;
};

const packaging: { readonly [K in Kind]: TriggerPackaging<K> } = {
  object: {
    pack: ({ kind, prefix, suffixes }) => ({ kind, prefix, suffixes }),
    unpack: (facts, { defined }) => ({
      ...facts,
      params: (object) => (defined() as ObjectTrigger).params(object),
    }),
  },
  run: {
    pack: ({ kind, pipeline }) => ({ kind, pipeline: pipeline.name }),
    unpack: ({ kind, pipeline }, { name, pipelines, defined }) => ({
      kind,
      get pipeline() {
        const followed = pipelines.get(pipeline);
        if (followed !== undefined) return followed;
        throw new PipelinePartError(`${name} follows ${pipeline}, which is not packaged`);
      },
      params: (run) => (defined() as RunTrigger).params(run),
    }),
  },
  cron: { pack: (trigger) => trigger, unpack: (facts) => facts },
  interval: { pack: (trigger) => trigger, unpack: (facts) => facts },
};

function packagingOf<K extends Kind>({ kind }: { readonly kind: K }): TriggerPackaging<K> {
  return packaging[kind];
}

/** What the functions' packages hold about a pipeline outside its parts. */
export function factsOf(pipeline: Pipeline): PipelineFacts {
  const { name, concurrency, tags, runName, graphHash, triggers } = pipeline;
  return {
    ...{ name, concurrency, tags, graphHash },
    graphHashWithoutGpus: withoutGpus(pipeline).graphHash,
    triggers: triggers.map((trigger) => packagingOf(trigger).pack(trigger)),
    ...(runName !== undefined && { runName }),
  };
}

/** Calls a function once and keeps its result. */
function once<T>(load: () => T): () => T {
  let loaded: { readonly value: T } | undefined;
  return () => {
    loaded ??= { value: load() };
    return loaded.value;
  };
}

/** A pipeline that loads its graph and its code on first use. */
function packagedPipeline(
  facts: PipelineFacts,
  parts: PipelineParts,
  gpus: boolean,
  pipelines: ReadonlyMap<string, Pipeline>,
): Pipeline {
  const { name, concurrency, tags, runName } = facts;
  const graph = once(() => (gpus ? parts.graph(name) : graphWithoutGpus(parts.graph(name))));
  const code = once(() => {
    const loaded = parts.code(name);
    // The loaded definition must match the package. Otherwise a run would follow one graph with the functions of
    // another.
    if (loaded.graphHash === undefined || loaded.graphHash === facts.graphHash) return loaded;
    throw new PipelinePartError(`pipeline ${name} defines another graph here than when it was packaged`, {
      remedy: "Let its definition depend on neither the environment, nor the time, nor chance.",
    });
  });
  const part = <K extends "functions" | "jobs" | "children">(key: K): Pipeline[K] => {
    const value = code()[key];
    if (value !== undefined) return value as Pipeline[K];
    throw new PipelinePartError(`this function has no ${key} of pipeline ${name}`, {
      remedy: "resources/pipeline-parts.ts says which functions have them.",
    });
  };
  const triggers = facts.triggers.map((trigger, place) =>
    packagingOf(trigger).unpack(trigger, { name, pipelines, defined: () => code().triggers[place] }),
  );
  return {
    ...{ name, concurrency, tags, triggers },
    ...(runName !== undefined && { runName }),
    graphHash: gpus ? facts.graphHash : facts.graphHashWithoutGpus,
    get graph() {
      return graph();
    },
    get params() {
      return code().params;
    },
    get functions() {
      return part("functions");
    },
    get jobs() {
      return part("jobs");
    },
    get children() {
      return part("children");
    },
  };
}

/**
 * The pipelines of a packaged function, by name. Each loads its parts when a run needs them. Every function holds only
 * one line of facts for each pipeline.
 *
 * @param gpus whether the stage has GPUs
 */
export function packagedPipelines(
  facts: readonly PipelineFacts[],
  parts: PipelineParts,
  gpus: boolean,
): ReadonlyMap<string, Pipeline> {
  const pipelines = new Map<string, Pipeline>();
  for (const each of facts) pipelines.set(each.name, packagedPipeline(each, parts, gpus, pipelines));
  return pipelines;
}
