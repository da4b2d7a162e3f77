import * as z from "zod";
import {
  approval,
  batch,
  child,
  defineJob,
  definePipeline,
  lambda,
  type Ref,
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

/** What a pipeline without parameters is built by. */
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

/** A last step, `last`, which needs the result of another. */
export function follow(step: Parameters<Build>[0]["step"], it: Ref<unknown>): void {
  step(
    "last",
    lambda({ it }, () => "done"),
  );
}

const approve = { deadline: 300, byDefault: "approve" } as const;

/** A step `it` of each kind, and of a map of each; every one is followed by `last`. */
export const kinds: readonly [kind: string, build: Build][] = [
  [
    "function",
    ({ step }) =>
      follow(
        step,
        step(
          "it",
          lambda({}, () => 1),
        ),
      ),
  ],
  [
    "map of functions",
    ({ step, map }) =>
      follow(
        step,
        map("it", [1, 2, 3], (n) => lambda({ n }, ({ n }) => n)),
      ),
  ],
  ["job", ({ step }) => follow(step, step("it", batch(train, { n: 1 })))],
  [
    "map of jobs",
    ({ step, map }) =>
      follow(
        step,
        map("it", [1, 2, 3], (n) => batch(train, { n })),
      ),
  ],
  ["wait", ({ step }) => follow(step, step("it", wait({ seconds: 200 })))],
  [
    "map of waits",
    ({ step, map }) =>
      follow(
        step,
        map("it", [100, 200], (seconds) => wait({ seconds })),
      ),
  ],
  ["child", ({ step }) => follow(step, step("it", child(inner, {})))],
  [
    "map of children",
    ({ step, map }) =>
      follow(
        step,
        map("it", [1, 2], () => child(inner, {})),
      ),
  ],
  ["approval", ({ step }) => follow(step, step("it", approval(approve)))],
  [
    "map of approvals",
    ({ step, map }) =>
      follow(
        step,
        map("it", [1, 2], () => approval(approve)),
      ),
  ],
];

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
  return new MemoryEngine([subject, inner], jobs);
}

/** Puts jobs to their ends, as they would end by themselves, and works on what comes of it. */
export async function endJobs(memory: MemoryEngine): Promise<void> {
  while (memory.batch.waiting().length > 0) await memory.turn();
}
