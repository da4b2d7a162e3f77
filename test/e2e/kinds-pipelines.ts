import * as z from "zod";
import {
  type Approval,
  approval,
  batch,
  child,
  definePipeline,
  email,
  eq,
  FatalError,
  gte,
  type Hook,
  type Json,
  lambda,
  maybe,
  notice,
  type Pipeline,
  repeat,
  type StepContext,
  slack,
  text,
  type WorkQueue,
  wait,
  webhook,
  workQueue,
} from "../../shared/pipeline/index.ts";
import { modelPipeline } from "../engine/model-pipeline.ts";
import { pipelines as blocking } from "./blocking-pipelines.ts";
import { trial } from "./jobs/trial/contract.ts";

const nothing = z.strictObject({});

const work = z.strictObject({
  value: z.number().default(1),
  /** How long the job takes. */
  seconds: z.number().default(0),
  /** The first epoch in which the job works. */
  succeedsInEpoch: z.int().default(1),
});

const same = <T extends Json>(input: T): T => input;
const pass = (_input: object, { attempt }: StepContext) => ({ attempt });

/** One job, the last of three generations. */
const leaf = definePipeline({ name: "leaf", params: work }, ({ params, step }) => {
  const { value, seconds, succeedsInEpoch } = params;
  const worked = step("work", batch(trial.work, { value, seconds, succeedsInEpoch }));
  return { value: worked.value };
});

const middle = definePipeline({ name: "middle", params: work }, ({ params, step }) => {
  const { value, seconds, succeedsInEpoch } = params;
  return step("leaf", child(leaf, { value, seconds, succeedsInEpoch }));
});

/** A run whose child has a child. */
const family = definePipeline({ name: "family", params: work }, ({ params, step }) => {
  const { value, seconds, succeedsInEpoch } = params;
  const made = step("middle", child(middle, { value, seconds, succeedsInEpoch }));
  step(
    "twice",
    lambda({ made }, (input) => input.made.value * 2),
  );
});

const waits = definePipeline(
  { name: "waits", params: z.strictObject({ seconds: z.number(), past: z.iso.datetime() }) },
  ({ params, step, map }) => {
    const later = step("later", wait({ seconds: params.seconds }));
    const past = step("past", wait({ until: params.past }));
    const each = map("each", [0.3, 0.1, 0.2], (seconds) => wait({ seconds }));
    step("after", lambda({ later, past, each }, same));
  },
);

/** Waits for two objects, one after the other. */
const arrival = definePipeline(
  { name: "arrival", params: z.strictObject({ first: z.string(), second: z.string() }) },
  ({ params, step }) => {
    const first = step("first", wait({ object: text`raw/kinds/${params.first}`, deadline: 300 }));
    const second = step("second", wait({ object: text`raw/kinds/${params.second}`, deadline: 300 }), {
      after: [first],
    });
    step("after", lambda({ first, second }, same));
  },
);

/** Waits for something that never comes. */
const absence = definePipeline({ name: "absence", params: nothing }, ({ step }) => {
  step("object", wait({ object: "raw/kinds/never", deadline: 1 }));
  step("answer", approval({ message: "anybody?", deadline: 1 }));
});

const signOff = definePipeline(
  { name: "sign-off", params: z.strictObject({ what: z.string().default("it") }) },
  ({ params, step }) => {
    const answer = step("ask", approval({ message: text`Release ${params.what}?`, deadline: 3600 }));
    const silence = step("silence", approval({ deadline: 1, byDefault: "approve" }));
    step(
      "after",
      lambda({ answer, silence }, ({ answer, silence }: { answer: Approval; silence: Approval }) => [
        answer.by,
        silence.by,
      ]),
    );
  },
);

const repeats = definePipeline({ name: "repeats", params: nothing }, ({ step }) => {
  const again = { limit: 4, delay: 0.1 };
  const calls = step("calls", repeat(lambda({}, pass), { until: (last) => gte(last.attempt, 3), ...again }));
  const jobs = step(
    "jobs",
    repeat(batch(trial.work, { value: 1 }), { until: (last) => gte(last.attempt, 2), ...again }),
  );
  const never = step("never", repeat(lambda({}, pass), { until: (last) => gte(last.attempt, 9), limit: 2 }));
  step("after", lambda({ calls: maybe(calls), jobs: maybe(jobs), never: maybe(never) }, same), {
    rule: "all_done",
  });
});

/** A map of each kind of task. */
const maps = definePipeline(
  { name: "maps", params: z.strictObject({ keys: z.array(z.string()) }) },
  ({ params, step, map }) => {
    const list = step(
      "list",
      lambda({}, () => [1, 2, 3]),
    );
    const calls = map("calls", list, (n) => lambda({ n }, ({ n }) => n * 10));
    const jobs = map("jobs", list, (n) => batch(trial.work, { value: n }));
    const runs = map("runs", list, (n) => child(leaf, { value: n }));
    const waited = map("waited", [0.2, 0.1], (seconds) => wait({ seconds }));
    const objects = map("objects", params.keys, (key) => wait({ object: key, deadline: 300 }));
    const answers = map("answers", ["a", "b"], (who) =>
      approval({ message: text`${who}?`, deadline: 1, byDefault: "approve" }),
    );
    const passes = map("passes", list, (n) =>
      repeat(lambda({ n }, pass), { until: (last) => gte(last.attempt, 2), limit: 3 }),
    );
    const none = map("none", [] as number[], (n) => batch(trial.work, { value: n }));
    return step("all", lambda({ calls, jobs, runs, waited, objects, answers, passes, none }, same));
  },
);

const rules = definePipeline({ name: "rules", params: nothing }, ({ step }) => {
  const good = step(
    "good",
    lambda({}, () => 1),
  );
  const bad = step(
    "bad",
    lambda({}, (): number => {
      throw new FatalError("bad on purpose");
    }),
  );
  const skipped = step(
    "skipped",
    lambda({}, () => 3),
    { when: eq(good, 2) },
  );
  const all = { good: maybe(good), bad: maybe(bad), skipped: maybe(skipped) };
  step("all_done", lambda(all, same), { rule: "all_done" });
  step("any_failed", lambda(all, same), { rule: "any_failed" });
  step("any_succeeded", lambda(all, same), { rule: "any_succeeded" });
  step("no_failure", lambda({ good: maybe(good) }, same), { rule: "any_failed" });
  step("no_success", lambda({ bad: maybe(bad) }, same), { rule: "any_succeeded" });
  step("all_succeeded", lambda({ good, bad }, same));
  step("after_skipped", lambda({ skipped }, same));
});

/** Writes a note that says how a run ended. */
const note: Hook = async (end, { artifacts }) =>
  artifacts.write("ended.json", JSON.stringify(end), "application/json");
const hooks = { succeeded: note, failed: note, cancelled: note, timedOut: note };

const hooked = definePipeline({ name: "hooked", params: work, hooks }, ({ params, step }) => {
  const { value, seconds, succeedsInEpoch } = params;
  step("work", batch(trial.work, { value, seconds, succeedsInEpoch }));
});

/** Has a limit of ten seconds, which a hanging job uses up. */
const limited = definePipeline({ name: "limited", params: nothing, hooks, timeout: 10 }, ({ step }) => {
  step("work", batch(trial.work, { value: 1, seconds: 600 }));
});

type Slots = { maxActiveRuns?: number; onCollision?: "cancel_new"; queue?: WorkQueue };

/** Runs that hold their slots until somebody answers. */
const held = (name: string, slots: Slots) =>
  definePipeline({ params: nothing, ...slots, name }, ({ step }) => {
    step("ask", approval({ deadline: 3600 }));
  });
const single = held("single", { maxActiveRuns: 1 });
const exclusive = held("exclusive", { maxActiveRuns: 1, onCollision: "cancel_new" });
const queued = held("queued", { queue: workQueue("gate", { limit: 1 }) });

/** Steps whose results can be reused. */
const cached = definePipeline(
  { name: "cached", params: z.strictObject({ value: z.number() }) },
  ({ params, step, map }) => {
    const { value } = params;
    const made = step(
      "made",
      lambda({ value }, ({ value }, { runId }) => ({ value, by: runId })),
      { cache: true },
    );
    const worked = map("worked", [1, 2], (seconds) => batch(trial.work, { value: made.value, seconds }), {
      cache: true,
    });
    step("after", lambda({ made, worked }, same));
  },
);

/** A job that gets more memory after it ran out of it. */
const growing = definePipeline({ name: "growing", params: nothing }, ({ step }) => {
  step("work", batch(trial.work, { value: 1 }, { memory: [128, 256, 512] }));
});

/** Steps of {@link chain}. */
export const links = 20;

/** Functions in a chain. Each is quick enough for the worker of the one before to continue with it. */
const chain = definePipeline({ name: "chain", params: nothing }, ({ step }) => {
  const link = ({ before }: { before: number }, { log }: StepContext) => {
    log.info("link", { link: before + 1 });
    return before + 1;
  };
  let last = step("link_1", lambda({ before: 0 }, link), { timeout: 3 });
  for (let place = 2; place <= links; place += 1) {
    last = step(`link_${place}`, lambda({ before: last }, link), { timeout: 3 });
  }
});

/** Where a function runs: the name of its function on AWS, and its megabytes of memory. */
const place = (_input: object) => ({
  name: process.env.AWS_LAMBDA_FUNCTION_NAME ?? "",
  megabytes: Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE),
});

/** Small and large functions, one after the other and in a map. */
const sizes = definePipeline({ name: "sizes", params: nothing }, ({ step, map }) => {
  const before = step("before", lambda({}, place));
  const heavy = step("heavy", lambda({ before }, place), { size: "large" });
  const each = map("each", [1, 2, 3], (n) => lambda({ heavy, n }, place), { size: "large" });
  step("after", lambda({ each }, place));
});

/** Numbers whose text is too large to be stored in the record. */
const numbers = Array.from({ length: 2000 }, (_, place) => place);

/** Results of more than 4 KB: passed on, mapped over, and given to a parent. */
const large = definePipeline({ name: "large", params: nothing }, ({ step, map }) => {
  const made = step(
    "made",
    lambda({}, () => numbers),
  );
  const halves = map("halves", [0, 1], (rest) =>
    lambda({ made, rest }, ({ made, rest }) => made.filter((number) => number % 2 === rest)),
  );
  step(
    "sums",
    lambda({ halves }, ({ halves }) => halves.map((half) => half.reduce((sum, each) => sum + each, 0))),
  );
  return made;
});

const largeChild = definePipeline({ name: "large-child", params: nothing }, ({ step }) => {
  const made = step("large", child(large, {}));
  step(
    "count",
    lambda({ made }, ({ made }) => made.length),
  );
});

/** A job on Lambda. */
const nimble = definePipeline(
  { name: "nimble", params: z.strictObject({ seconds: z.number().default(0) }) },
  ({ params, step }) => {
    step("work", batch(trial.nimble, { value: 1, seconds: params.seconds }));
  },
);

/** Fails, and sends notices: with secrets that the test stores, by e-mail, and one whose secret doesn't exist. */
const telling = definePipeline(
  {
    name: "telling",
    params: nothing,
    notices: [
      notice({ to: slack({ secret: "e2e-slack" }) }),
      notice({ to: webhook({ secret: "e2e-webhook" }) }),
      notice({ to: email() }),
      notice({ to: slack({ secret: "e2e-nobody" }) }),
      notice({ to: slack({ secret: "e2e-nobody" }), on: ["SUCCEEDED"] }),
      notice({ to: webhook({ url: "https://example.com/" }), stages: ["prod"] }),
    ],
  },
  ({ step }) => {
    step(
      "train",
      lambda({}, () => {
        throw new FatalError("y has 3 NaN");
      }),
    );
  },
);

/** The pipelines that the tests of all kinds of steps deploy. */
export const pipelines: readonly Pipeline[] = [
  ...[leaf, middle, family, waits, arrival, absence, signOff, repeats, maps, rules, hooked, limited],
  ...[
    single,
    exclusive,
    queued,
    cached,
    growing,
    nimble,
    chain,
    sizes,
    large,
    largeChild,
    modelPipeline,
    telling,
  ],
  ...blocking,
];
