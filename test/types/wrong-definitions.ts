// Definitions that the type-checker must refuse. Each line with a comment `TS…` must give that error, no other line any.
import * as z from "zod";
import {
  approval,
  batch,
  child,
  cron,
  defineJob,
  definePipeline,
  eq,
  flatten,
  gte,
  lambda,
  lt,
  maybe,
  modelFolder,
  promoteModel,
  registerModel,
  repeat,
  runSucceeded,
  text,
  wait,
} from "../../shared/pipeline/index.ts";

const split = defineJob("demo.split", {
  input: z.object({ dataset: z.string(), parts: z.int() }),
  output: z.object({ train: z.string(), rows: z.array(z.object({ id: z.string() })) }),
  resources: { vcpus: 1, memory: 512 },
});
const fit = defineJob("demo.fit", {
  input: z.object({}),
  output: z.object({ model: modelFolder, metrics: z.object({ logLoss: z.number() }), note: z.string() }),
  resources: { vcpus: 1, memory: 512 },
});
const gate = { metric: "logLoss", better: "lower", minimumGain: 0.001 } as const;
const params = z.strictObject({ alphas: z.array(z.number()), name: z.string() });

const scoring = definePipeline({ name: "scoring", params: z.strictObject({ seed: z.number(), label: z.string().default("") }) }, ({ params, step }) => ({
  score: step("score", lambda({ seed: params.seed }, ({ seed }) => seed * 2)),
  label: params.label,
}));

export const wrong = definePipeline(
  { name: "wrong", params, triggers: [cron("* * * * *")] },
  ({ params, run, step, map }) => {
    const parts = step("right", batch(split, { dataset: params.name, parts: 2 }));
    step("wrong_type", batch(split, { dataset: params.alphas, parts: 2 })); // TS2322
    step("missing_input", batch(split, { dataset: params.name })); // TS2345
    step("unknown_input", batch(split, { dataset: "a", parts: 2, more: 1 })); // TS2353
    step("no_such_field", lambda({ x: parts.nothing }, () => 1)); // TS2339
    step("no_such_param", lambda({ x: params.beta }, () => 1)); // TS2339
    step("no_such_fact", lambda({ x: run.owner }, () => 1)); // TS2339
    map("not_a_list", params.name, () => lambda({}, () => 1)); // TS2345
    map("field_of_item", parts.rows, (row) => lambda({ x: row.name }, () => 1)); // TS2339
    const takesNumber = ({ x }: { x: number }) => x;
    step("wrong_function", lambda({ x: params.name }, takesNumber)); // TS2345
    step("wrong_option", lambda({}, () => 1), { retry: 2 }); // TS2353
    step("no_condition", lambda({}, () => 1), { when: params.name }); // TS2322
    step("order", lambda({}, () => 1), { when: lt(params.name, 3) }); // TS2345
    step("resources", batch(split, { dataset: "a", parts: 2 }, { cpu: 2 })); // TS2353
    const scored = step("child_right", child(scoring, { seed: 1 }));
    step("child_type", child(scoring, { seed: params.name })); // TS2322
    step("child_missing", child(scoring, { label: "a" })); // TS2345
    step("child_unknown", child(scoring, { seed: 1, more: 2 })); // TS2353
    step("child_field", lambda({ x: scored.nothing }, () => 1)); // TS2339
    step("child_result", lambda({ x: scored.label }, takesNumber)); // TS2345
    map("child_item", params.alphas, (alpha) => child(scoring, { seed: 1, label: alpha })); // TS2322
    const polled = repeat(lambda({}, () => ({ loss: 1 })), { until: ({ loss }) => lt(loss, 0.1), limit: 3 });
    step("repeat_wait", repeat(wait({ seconds: 1 }), { until: () => eq(1, 1), limit: 3 })); // TS2379
    step("repeat_child", repeat(child(scoring, { seed: 1 }), { until: () => eq(1, 1), limit: 3 })); // TS2379
    step("repeat_twice", repeat(polled, { until: () => eq(1, 1), limit: 3 })); // TS2379
    step("repeat_field", repeat(lambda({}, () => ({ loss: 1 })), { until: ({ gain }) => gte(gain, 1), limit: 3 })); // TS2339
    step("repeat_until", repeat(lambda({}, () => ({ loss: 1 })), { until: ({ loss }) => loss, limit: 3 })); // TS2322
    step("repeat_limit", repeat(lambda({}, () => ({ loss: 1 })), { until: ({ loss }) => lt(loss, 1) })); // TS2741
    step("wait_text", wait({ seconds: params.name })); // TS2769
    step("wait_object", wait({ object: "raw/a.csv" })); // TS2769
    step("wait_result", lambda({ x: step("nap", wait({ seconds: 1 })) }, takesNumber)); // TS2345
    step("no_deadline", approval({ message: "go on?" })); // TS2741
    step("no_default", approval({ deadline: 1, byDefault: "maybe" })); // TS2322
    step("rule", lambda({}, () => 1), { rule: "all_failed" }); // TS2820
    step("may_be_null", lambda({ x: maybe(scored.score) }, takesNumber)); // TS2345
    map("may_be_no_list", maybe(params.alphas), () => lambda({}, () => 1)); // TS2345
    step("text_of_list", lambda({ x: text`${params.alphas}` }, () => 1)); // TS2345
    const { model, metrics, note } = step("fit", batch(fit, {}));
    const kept = step("model_right", registerModel({ name: "demo", model, metrics, parameters: { alphas: params.name } }));
    step("model_missing", registerModel({ name: "demo", metrics })); // TS2741
    step("model_text", registerModel({ name: "demo", model: note, metrics })); // TS2322
    step("model_metrics", registerModel({ name: "demo", model, metrics: { note } })); // TS2322
    step("model_unknown", registerModel({ name: "demo", model, metrics, date: [] })); // TS2353
    const evaluation = { candidate: metrics, champion: null, base: { logLoss: 1 }, against: null, data: "a" };
    step("gate_right", promoteModel({ name: "demo", version: kept.version, evaluation, gate }));
    step("gate_version", promoteModel({ name: "demo", version: kept.digest, evaluation, gate })); // TS2322
    step("gate_way", promoteModel({ name: "demo", version: 1, evaluation, gate: { ...gate, better: "less" } })); // TS2322
    step("gate_data", promoteModel({ name: "demo", version: 1, evaluation: { candidate: metrics }, gate })); // TS2322
    step("right_too", lambda({ all: flatten([parts.rows, parts.train]) }, ({ all }) => all.length), { when: eq(params.name, "x"), after: [parts], });
  },
);

runSucceeded({ pipeline: scoring, params: ({ result, params, id }) => ({ score: result.score, seed: params.seed, id }) });
runSucceeded({ pipeline: scoring, params: ({ result }) => ({ score: result.nothing }) }); // TS2339
runSucceeded({ pipeline: scoring, params: ({ params }) => ({ seed: params.nothing }) }); // TS2339
runSucceeded({ pipeline: scoring, params: async ({ id }) => ({ id }) }); // TS2322
runSucceeded({ pipeline: "scoring", params: () => ({}) }); // TS2322

export const wrongJob = defineJob("demo.other", {
  input: z.object({ at: z.date() }), // TS2375
  output: z.object({}),
  resources: { vcpus: 1, memory: 512 },
});
