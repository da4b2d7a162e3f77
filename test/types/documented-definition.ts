import * as z from "zod";
import {
  approval,
  artifact,
  batch,
  child,
  defineJob,
  definePipeline,
  lambda,
  maybe,
  objectCreated,
  type RunEnd,
  text,
  wait,
} from "../../shared/pipeline/index.ts";

// The example of docs/definitions.md, word for word, so that it is known to be a definition without mistakes.

const resources = { vcpus: 1, memory: 2048 };
const sales = {
  clean: defineJob("sales.clean", {
    input: z.object({ file: z.string(), region: z.string() }),
    output: artifact,
    resources,
  }),
  train: defineJob("sales.train", {
    input: z.object({ parts: z.array(artifact) }),
    output: z.object({ r2: z.number(), file: artifact }),
    resources,
  }),
};
const scoring = definePipeline(
  { name: "scoring", params: z.strictObject({ model: artifact }) },
  ({ params, step }) =>
    step(
      "score",
      lambda({ model: params.model }, ({ model }) => ({ rows: model.bytes })),
    ),
);
const notifyTeam = ({ name, state }: RunEnd) => `${name} ended ${state}`;
const cleanUp = ({ scores }: { scores: { rows: number } | null }) => scores?.rows ?? 0;

export const daily = definePipeline(
  {
    name: "daily",
    params: z.strictObject({ month: z.string(), regions: z.array(z.string()).default(["eu", "us"]) }),
    triggers: [objectCreated({ prefix: "raw/months/", params: ({ key }) => ({ month: key.slice(11) }) })],
    maxActiveRuns: 1,
    timeout: 6 * 3600,
    hooks: { failed: notifyTeam },
  },
  ({ params, step, map }) => {
    const raw = step("raw", wait({ object: text`raw/sales/${params.month}.csv`, deadline: 3600 }));
    const parts = map("clean", params.regions, (region) => batch(sales.clean, { file: raw.uri, region }));
    const model = step("train", batch(sales.train, { parts }, { memory: [2048, 4096, 8192] }), {
      cache: true,
    });
    const ok = step(
      "sign_off",
      approval({ message: text`R² ${model.r2}`, deadline: 86_400, byDefault: "reject" }),
    );
    const scores = step("score", child(scoring, { model: model.file }), { after: [ok] });
    step("clean_up", lambda({ scores: maybe(scores) }, cleanUp), { rule: "all_done" });
    return { model, scores };
  },
);
