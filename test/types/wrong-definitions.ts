// Definitions that the type-checker must refuse. Each line with a comment `TS…` must give that error, no other line any.
import * as z from "zod";
import {
  batch,
  cron,
  defineJob,
  definePipeline,
  eq,
  flatten,
  lambda,
  lt,
} from "../../shared/pipeline/index.ts";

const split = defineJob("demo.split", {
  input: z.object({ dataset: z.string(), parts: z.int() }),
  output: z.object({ train: z.string(), rows: z.array(z.object({ id: z.string() })) }),
  resources: { vcpus: 1, memory: 512 },
});
const params = z.strictObject({ alphas: z.array(z.number()), name: z.string() });

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
    step("right_too", lambda({ all: flatten([parts.rows, parts.train]) }, ({ all }) => all.length), { when: eq(params.name, "x"), after: [parts], });
  },
);

export const wrongJob = defineJob("demo.other", {
  input: z.object({ at: z.date() }), // TS2375
  output: z.object({}),
  resources: { vcpus: 1, memory: 512 },
});
