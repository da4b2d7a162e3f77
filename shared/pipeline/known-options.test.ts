import * as z from "zod";
import { definePipeline, PipelineDefinitionError } from "./define-pipeline.ts";
import { defineJob } from "./job.ts";
import { notice, slack } from "./notice.ts";
import { eq, type Ref } from "./ref.ts";
import { cron, interval } from "./schedule-trigger.ts";
import { approval, batch, lambda, repeat, wait } from "./task.ts";
import { objectCreated, runSucceeded } from "./trigger.ts";
import { workQueue } from "./work-queue.ts";

const params = z.strictObject({ limit: z.number().default(1) });
const resources = { vcpus: 1, memory: 512 };
const train = defineJob("demo.train", { input: z.object({}), output: z.object({}), resources });
const other = definePipeline({ name: "other", params }, ({ step }) => {
  step(
    "a",
    lambda({}, () => 1),
  );
});

/** Adds a misspelt option, which the type-checker would otherwise reject. */
const misspelt = <O>(options: O, extra: object): O => ({ ...options, ...extra });

function messageOf(define: () => unknown): string {
  try {
    define();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "";
}

describe("unknown options", () => {
  it("of pipelines, triggers, notices, steps and tasks are reported together, each with a suggestion", () => {
    const define = () =>
      definePipeline(
        misspelt(
          {
            name: "demo",
            params,
            runName: misspelt({ template: "demo" }, { timezon: "UTC" }),
            hooks: misspelt({}, { faild: () => 1 }),
            triggers: [
              cron("0 3 * * *", misspelt({}, { activ: false })),
              interval(
                misspelt({ name: "fortnight", every: { days: 14 } }, { ankor: "2021-01-01T00:00:00Z" }),
              ),
              objectCreated(misspelt({ prefix: "raw/", params: () => ({}) }, { sufix: ".csv" })),
              runSucceeded(misspelt({ pipeline: other, params: () => ({}) }, { state: "FAILED" })),
            ],
            notices: [
              notice(misspelt({ to: slack() }, { stage: ["prod"] })),
              notice({ to: slack(misspelt({}, { secrt: "hook" })), on: ["SUCCEEDED"] }),
            ],
          },
          { maxActiveRun: 1 },
        ),
        ({ step }) => {
          const scores = step("scores", batch(train, {}, misspelt({}, { memry: 1 })));
          const again = lambda({}, () => 1);
          step("train", again, misspelt({}, { aftr: [scores], retris: 3 }));
          step("tried", again, { retries: misspelt({ limit: 1 }, { delays: 2 }) });
          step("kept", again, { cache: misspelt({}, { expire: 60 }) });
          step("ok", approval(misspelt({ deadline: 60 }, { byDefalt: "reject" })));
          step("here", wait(misspelt({ object: "raw/a", deadline: 60 }, { dedline: 1 })));
          step("later", wait(misspelt({ seconds: 1 }, { zeconds: 1 })));
          const until = (last: Ref<number>) => eq(last, 1);
          step("often", repeat(again, misspelt({ until, limit: 2 }, { wait: 2 })));
        },
      );
    expect(define).toThrow(PipelineDefinitionError);
    const lines = messageOf(define).split("\n");
    const extra = lines.flatMap(
      (line) =>
        /^ {2}(?:- |✖ )?(.*) is no option; (.*)$/
          .exec(line)
          ?.slice(1)
          .join("; ")
          .replace(/\? it has .*/, "?") ?? [],
    );
    expect(extra).toEqual([
      "maxActiveRun; did you mean maxActiveRuns?",
      "hooks: faild; did you mean failed?",
      "runName: timezon; did you mean timezone?",
      'step "scores", resources: ✖ memry; did you mean memory?',
      'step "train": aftr; did you mean after?',
      'step "train": retris; did you mean retries?',
      'step "tried", retries: ✖ delays; did you mean delay?',
      'step "kept", cache: ✖ expire; did you mean expires?',
      'step "ok": byDefalt; did you mean byDefault?',
      'step "here": dedline; did you mean deadline?',
      'step "later": zeconds; did you mean seconds?',
      'step "often": wait; it has until, limit, delay',
      "triggers.0: activ; did you mean active?",
      "triggers.1: ankor; did you mean anchor?",
      "triggers.2: sufix; did you mean suffix?",
      "triggers.3: state; it has pipeline, params",
      "notices.0: stage; did you mean stages?",
      "notices.1: ✖ secrt; did you mean secret?",
    ]);
  });

  it("of a work queue and of a job's contract are refused too", () => {
    expect(() => workQueue("gpu", misspelt({}, { limt: 2 }))).toThrow(
      'work queue "gpu": limt is no option; did you mean limit? it has limit',
    );
    expect(() =>
      defineJob(
        "demo.other",
        misspelt({ input: z.object({}), output: z.object({}), resources }, { resource: {} }),
      ),
    ).toThrow(
      'job "demo.other": resource is no option; did you mean resources? it has input, output, resources',
    );
  });

  it("include no field of a valid definition", () => {
    expect(cron("0 3 * * *", { active: false })).not.toHaveProperty("mistakes");
    expect(approval({ deadline: 60 })).not.toHaveProperty("mistakes");
  });
});
