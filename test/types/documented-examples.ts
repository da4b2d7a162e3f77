import * as z from "zod";
import {
  approval,
  artifact,
  batch,
  child,
  cron,
  defineJob,
  definePipeline,
  eq,
  lambda,
  objectCreated,
  repeat,
  text,
  wait,
} from "../../shared/pipeline/index.ts";

// The examples in the docstrings of the definition API, word for word, so that the type-checker reads them.

export const greet = definePipeline(
  { name: "greet", params: z.strictObject({ name: z.string().default("world") }) },
  ({ params, step }) => {
    const greeting = step(
      "say",
      lambda({ name: params.name }, ({ name }) => `Hello, ${name}`),
    );
    return { greeting };
  },
);

export const sales = {
  train: defineJob("sales.train", {
    input: z.object({ month: z.string(), alpha: z.number() }),
    output: z.object({ r2: z.number(), file: artifact }),
    resources: { vcpus: 1, memory: 2048 },
  }),
};

const scoring = definePipeline(
  { name: "scoring", params: z.strictObject({ model: artifact }) },
  ({ params, step }) =>
    step(
      "score",
      lambda({ model: params.model }, ({ model }) => model.bytes),
    ),
);
const countRows = ({ file }: { file: string }) => file.length;
const selectBest = ({ models }: { models: { r2: number }[] }) => models.length;
const deploy = () => "deployed";
const askService = () => ({ ready: true });

export const examples = definePipeline(
  {
    name: "examples",
    params: z.strictObject({ month: z.string(), alphas: z.array(z.number()).default([1, 0.1]) }),
    triggers: [
      cron("0 3 * * *", { timezone: "Europe/Berlin", active: ["prod"], params: { month: "2021-10" } }),
      objectCreated({
        prefix: "raw/sales/",
        suffix: ".csv",
        params: ({ key }) => ({ month: key.slice(10, 17) }),
      }),
    ],
  },
  ({ params, step, map }) => {
    step("hold", wait({ seconds: 600 }));
    const file = step("file", wait({ object: text`raw/sales/${params.month}.csv`, deadline: 3600 }));

    const rows = step("count_rows", lambda({ file: file.uri }, countRows), { retries: 2, timeout: 30 });

    const models = map("train", params.alphas, (alpha) => batch(sales.train, { month: params.month, alpha }));
    step("select_best", lambda({ models }, selectBest));

    const model = step(
      "train_large",
      batch(sales.train, { month: params.month, alpha: 1 }, { memory: [4096, 8192] }),
    );

    step(
      "report",
      lambda({ r2: model.r2 }, async ({ r2 }, { artifacts, log }) => {
        log.info("trained", { r2 });
        return artifacts.write("r2.txt", String(r2), "text/plain");
      }),
    );

    const bytes = step("score", child(scoring, { model: model.file }));

    const ok = step("sign_off", approval({ message: "Deploy it?", deadline: 86_400, byDefault: "reject" }));
    step("deploy", lambda({}, deploy), { after: [ok] });

    step(
      "until_ready",
      repeat(lambda({}, askService), { until: ({ ready }) => eq(ready, true), limit: 20, delay: 30 }),
    );
    return { rows, bytes };
  },
);
