import * as z from "zod";
import type { TaskKind } from "../../shared/pipeline/graph.ts";
import {
  approval,
  batch,
  child,
  defineJob,
  definePipeline,
  lambda,
  type Ref,
  type Task,
  wait,
} from "../../shared/pipeline/index.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";

const none = z.strictObject({});

/** A job whose stand-in doubles a number. */
export const train = defineJob("demo.train", {
  input: z.object({ n: z.number() }),
  output: z.object({ n: z.number() }),
  resources: { vcpus: 1, memory: 512 },
});
const jobs = { "demo.train": (input: unknown) => ({ n: (input as { n: number }).n * 2 }) };

/** What builds a pipeline without parameters. */
export type Build = Parameters<typeof definePipeline<typeof none, void>>[1];

/** A pipeline that takes 200 seconds. */
const inner = definePipeline({ name: "inner", params: none }, ({ step }) => {
  const waited = step("wait", wait({ seconds: 200 }));
  return step(
    "only",
    lambda({}, () => 7),
    { after: [waited] },
  );
});

/** A last step, `last`, that needs another step's result. */
export function follow(step: Parameters<Build>[0]["step"], it: Ref<unknown>): void {
  step(
    "last",
    lambda({ it }, () => "done"),
  );
}

const approve = { deadline: 300, byDefault: "approve" } as const;

const one = (task: Task<unknown>): Build => {
  return ({ step }) => follow(step, step("it", task));
};

const mapped = (list: readonly number[], task: (item: Ref<number>) => Task<unknown>): Build => {
  return ({ step, map }) => follow(step, map("it", list, task));
};

/** Key of an object that lands 200 seconds after the engine was created. */
const landing = "raw/landing.csv";
const landsAfter = 200_000;
const object = { object: landing, deadline: 5000 };

/** How a kind of step is tested. */
type KindOfStep = {
  /** Whether the step has ended when the worker that began it is done. Otherwise something else ends it. */
  readonly endsAtOnce: boolean;
  readonly builds: readonly (readonly [kind: string, build: Build])[];
};

/** A step `it` of each kind of task, and a map of each. Each is followed by `last`. */
const byKind: Readonly<Record<TaskKind, KindOfStep>> = {
  lambda: {
    endsAtOnce: true,
    builds: [
      ["function", one(lambda({}, () => 1))],
      ["map of functions", mapped([1, 2, 3], (n) => lambda({ n }, ({ n }) => n))],
    ],
  },
  batch: {
    endsAtOnce: false,
    builds: [
      ["job", one(batch(train, { n: 1 }))],
      ["map of jobs", mapped([1, 2, 3], (n) => batch(train, { n }))],
    ],
  },
  wait: {
    endsAtOnce: false,
    builds: [
      ["wait", one(wait({ seconds: 200 }))],
      ["map of waits", mapped([100, 200], (seconds) => wait({ seconds }))],
    ],
  },
  child: {
    endsAtOnce: false,
    builds: [
      ["child", one(child(inner, {}))],
      ["map of children", mapped([1, 2], () => child(inner, {}))],
    ],
  },
  object: {
    endsAtOnce: false,
    builds: [
      ["object", one(wait(object))],
      ["map of objects", mapped([1, 2], () => wait(object))],
    ],
  },
  approval: {
    endsAtOnce: false,
    builds: [
      ["approval", one(approval(approve))],
      ["map of approvals", mapped([1, 2], () => approval(approve))],
    ],
  },
};
/** Each kind of step: its name, a pipeline with it, and whether the step ends at once. */
export const kinds = Object.values(byKind).flatMap(({ endsAtOnce, builds }) =>
  builds.map(([kind, build]) => [kind, build, endsAtOnce] as const),
);

/** A map of three jobs, followed by a function. */
export const mapOfJobs: Build = ({ step, map }) =>
  follow(
    step,
    map("it", [1, 2, 3], (n) => batch(train, { n })),
  );

/** An engine with one pipeline, `subject`. */
export function engineFor(
  build: Build,
  options: { timeout?: number; maxActiveRuns?: number } = {},
): MemoryEngine {
  const subject = definePipeline({ name: "subject", params: none, ...options }, build);
  const memory = new MemoryEngine([subject, inner], jobs);
  const head = memory.objects.head.bind(memory.objects);
  const landsAt = memory.clock.now() + landsAfter;
  memory.objects.head = async (uri) =>
    uri.endsWith(landing) && memory.clock.now() >= landsAt ? { bytes: 1 } : head(uri);
  return memory;
}

/** Ends jobs as if they ended by themselves, and handles what follows. */
export async function endJobs(memory: MemoryEngine): Promise<void> {
  while (memory.batch.waiting().length > 0) await memory.turn();
}
