import * as z from "zod";
import { retryRun } from "../../shared/operate/retry-run.ts";
import {
  batch,
  defineJob,
  definePipeline,
  eq,
  flatten,
  lambda,
  maybe,
  type Ref,
  type StepOptions,
} from "../../shared/pipeline/index.ts";
import { MemoryEngine } from "../../shared/testing/memory-engine.ts";
import { testPipeline } from "../../shared/testing/test-pipeline.ts";
import { begin, stepOf } from "./driving.ts";

const none = z.strictObject({});
const numbered = z.object({ n: z.number().nullable() });
const take = defineJob("demo.take", {
  input: numbered,
  output: numbered,
  resources: { vcpus: 1, memory: 512 },
});
const endings = ["succeeded", "failed", "skipped", "upstream_failed", "upstream_skipped"] as const;
type Ending = (typeof endings)[number];
const rules = ["all_succeeded", "all_done", "any_failed", "any_succeeded"] as const;
type Rule = (typeof rules)[number];
/** How the last step uses the first one: it only runs after it, or takes its result if there is one. */
const uses = ["after", "maybe"] as const;

/** The outcome of a step by its rule, worded as in the documentation and not as in the engine. */
function expected(rule: Rule, before: readonly Ending[]): "ran" | "skipped" | "upstream failed" {
  const succeeded = before.filter((each) => each === "succeeded").length;
  const failed = before.filter((each) => each === "failed" || each === "upstream_failed").length;
  switch (rule) {
    case "all_done":
      return "ran";
    case "any_failed":
      return failed > 0 ? "ran" : "skipped";
    case "any_succeeded":
      if (succeeded > 0) return "ran";
      return failed > 0 ? "upstream failed" : "skipped";
    case "all_succeeded":
      return failed > 0 ? "upstream failed" : "ran";
  }
}

/** Two steps that end as given, and a last step that follows them by a rule. */
function deciding(before: readonly [Ending, Ending], rule: Rule, use: (typeof uses)[number]) {
  return definePipeline({ name: "deciding", params: none }, ({ step }) => {
    const one = lambda({}, () => 1);
    const fails = () => {
      throw new Error("it fails");
    };
    const [left, right] = (["left", "right"] as const).map((name, place) => {
      const ending = before[place];
      if (ending === "succeeded") return step(name, one);
      if (ending === "failed") return step(name, lambda({}, fails as () => number));
      if (ending === "skipped") return step(name, one, { when: eq<number>(1, 2) });
      const source = step(
        `${name}_source`,
        ending === "upstream_failed" ? lambda({}, fails as () => number) : one,
        ending === "upstream_skipped" ? { when: eq<number>(1, 2) } : {},
      );
      return step(
        name,
        lambda({ source }, ({ source }) => source),
      );
    });
    if (left === undefined || right === undefined) throw new Error("two steps come before");
    const input = use === "maybe" ? { left: maybe(left), right: maybe(right) } : {};
    const options: StepOptions = use === "after" ? { rule, after: [left, right] } : { rule };
    const last = step(
      "last",
      lambda(input, (given) => given as { left?: number | null; right?: number | null }),
      options,
    );
    // This step may follow a skipped step, but not one that couldn't run.
    step(
      "next",
      lambda({}, () => 1),
      { after: [last] },
    );
  });
}

const pairs = endings.flatMap((left) => endings.map((right) => [left, right] as const));
const cases = rules.flatMap((rule) => uses.flatMap((use) => pairs.map((before) => ({ rule, use, before }))));

describe("a step that follows two others", () => {
  it.each(cases)(
    "with the rule $rule ($use) runs, is skipped or fails by that rule, after $before",
    async ({ rule, use, before }) => {
      const { state, states, outputs } = await testPipeline(deciding(before, rule, use));
      const what = expected(rule, before);
      const ran = states.last === "SUCCEEDED";
      expect({ ran, begun: states.last !== undefined }).toEqual({
        ran: what === "ran",
        begun: what === "ran",
      });
      expect(states.next).toBe(what === "upstream failed" ? undefined : "SUCCEEDED");
      if (ran && use === "maybe") {
        const value = (each: Ending) => (each === "succeeded" ? 1 : null);
        expect(outputs.last).toEqual({ left: value(before[0]), right: value(before[1]) });
      }
      const anyFailed = before.some((each) => each === "failed" || each === "upstream_failed");
      expect(state).toBe(anyFailed ? "FAILED" : "SUCCEEDED");
    },
  );
});

describe("a rule", () => {
  it("waits until every upstream step has ended, even if one end would decide it", async () => {
    for (const rule of ["any_failed", "any_succeeded"] as const) {
      const order: string[] = [];
      const pipeline = definePipeline({ name: "patient", params: none }, ({ step }) => {
        const ending = (name: string, fails: boolean) =>
          lambda({ name, fails }, ({ name, fails }) => {
            order.push(name);
            if (fails) throw new Error(name);
            return 1;
          });
        const fast = step("fast", ending("fast", rule === "any_failed"));
        const slow = step(
          "slow",
          lambda({}, () => {
            order.push("slow");
            if (order.filter((name) => name === "slow").length === 1) throw new Error("again");
            return 1;
          }),
          { retries: { limit: 1, delay: 600 } },
        );
        step("last", ending("last", false), { rule, after: [fast, slow] });
      });
      await testPipeline(pipeline);
      expect(order.at(-1)).toBe("last");
      expect(order.filter((name) => name === "last")).toHaveLength(1);
    }
  });

  it("and a condition must both hold", async () => {
    for (const wanted of [true, false]) {
      const pipeline = definePipeline({ name: "both", params: z.boolean() }, ({ params, step }) => {
        const fails = step(
          "fails",
          lambda({}, () => {
            throw new Error("no");
          }),
        );
        step(
          "alarm",
          lambda({}, () => "rang"),
          { rule: "any_failed", after: [fails], when: params },
        );
      });
      const { states } = await testPipeline(pipeline, { params: wanted });
      expect(states.alarm).toBe(wanted ? "SUCCEEDED" : "SKIPPED");
    }
  });

  it("is evaluated again after a retry by hand: a failed step may succeed now", async () => {
    const broken = { now: true };
    const pipeline = definePipeline({ name: "again", params: none }, ({ step }) => {
      const work = step(
        "work",
        lambda({}, () => {
          if (broken.now) throw new Error("no");
          return 5;
        }),
      );
      step(
        "report",
        lambda({ work: maybe(work) }, ({ work }) => work),
        { rule: "all_done" },
      );
      step(
        "use",
        lambda({ work }, ({ work }) => work + 1),
      );
    });
    const memory = new MemoryEngine([pipeline]);
    const runId = await begin(memory, "again");
    expect((await memory.finish(runId)).state).toBe("FAILED");
    expect(await stepOf(memory, runId, "report")).toMatchObject({ output: { value: null } });
    broken.now = false;
    await retryRun(memory.engine, runId);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    expect(await stepOf(memory, runId, "use")).toMatchObject({ output: { value: 6 } });
    // It succeeded, so it doesn't run again, even if its input has changed.
    expect(await stepOf(memory, runId, "report")).toMatchObject({ output: { value: null }, epoch: 1 });
  });

  it("is followed by a new evaluation of the condition after a retry by hand: a skipped step may run now", async () => {
    const broken = { now: true };
    const asked: (number | null)[] = [];
    const pipeline = definePipeline({ name: "again", params: none }, ({ step }) => {
      const work = step(
        "work",
        lambda({}, () => {
          if (broken.now) throw new Error("no");
          return 5;
        }),
      );
      const publish = step(
        "publish",
        lambda({ work: maybe(work) }, ({ work }) => {
          asked.push(work);
          return work;
        }),
        { rule: "all_done", when: eq(maybe(work), 5) },
      );
      step(
        "tell",
        lambda({ publish }, ({ publish }) => publish),
      );
    });
    const memory = new MemoryEngine([pipeline]);
    const runId = await begin(memory, "again");
    expect((await memory.finish(runId)).state).toBe("FAILED");
    expect(await stepOf(memory, runId, "publish")).toMatchObject({ state: "SKIPPED" });
    broken.now = false;
    await retryRun(memory.engine, runId);
    expect((await memory.finish(runId)).state).toBe("SUCCEEDED");
    expect(asked).toEqual([5]);
    expect(await stepOf(memory, runId, "tell")).toMatchObject({ output: { value: 5 } });
  });

  it.each([
    ["functions", "none has"],
    ["jobs", "none has"],
    ["functions", "one has"],
    ["jobs", "one has"],
  ])(
    "lets a map of %s use another list after a retry only if of its children %s a result",
    async (kind, has) => {
      const broken = { now: true };
      const work = (n: number | null) => {
        if (broken.now && (n === 9 || has === "none has")) throw new Error(`${n} is bad`);
        return { n };
      };
      const pipeline = definePipeline({ name: "listed", params: none }, ({ step, map }) => {
        const extra = step(
          "extra",
          lambda({}, () => {
            if (broken.now) throw new Error("no");
            return [7];
          }),
        );
        const rest = step(
          "rest",
          lambda({}, () => [8, 9]),
        );
        const list = flatten([maybe(extra), maybe(rest)]) as unknown as Ref<(number | null)[]>;
        if (kind === "jobs") map("each", list, (n) => batch(take, { n }), { rule: "all_done" });
        else map("each", list, (n) => lambda({ n }, ({ n }) => work(n)), { rule: "all_done" });
      });
      const memory = new MemoryEngine([pipeline], {
        "demo.take": (input) => work((input as { n: number | null }).n),
      });
      const runId = await begin(memory, "listed");
      expect((await memory.finish(runId)).state).toBe("FAILED");
      broken.now = false;
      await retryRun(memory.engine, runId);
      const run = await memory.finish(runId);
      if (has === "none has") {
        expect(run.state).toBe("SUCCEEDED");
        const records = await memory.store.listSteps(runId, "each");
        const outputs = records.flatMap((record) => ("output" in record ? [record.output] : []));
        expect(outputs.slice(0, 3)).toEqual([7, 8, 9].map((n) => ({ value: { n } })));
      } else {
        const message =
          "maps over another list than before the retry, and 2 of its children have results for the earlier list";
        const remedy = `Start a new run: \`npx millrace rerun ${runId}\`.`;
        expect(run).toMatchObject({
          state: "FAILED",
          error: { step: "each", name: "ListChanged", message, remedy },
        });
      }
    },
  );

  it("all_done runs its step after a map with a failed child", async () => {
    const pipeline = definePipeline({ name: "tidy", params: none }, ({ step, map }) => {
      const all = map("each", [1, 2, 3], (n) =>
        lambda({ n }, ({ n }) => {
          if (n === 2) throw new Error("two is bad");
          return n;
        }),
      );
      step(
        "clean",
        lambda({ all: maybe(all) }, ({ all }) => ({ all })),
        { rule: "all_done" },
      );
    });
    const { state, outputs } = await testPipeline(pipeline);
    expect([state, outputs.clean]).toEqual(["FAILED", { all: null }]);
  });
});

describe("maybe", () => {
  const skippable = (wanted: boolean) =>
    definePipeline({ name: "skippable", params: none }, ({ step, map }) => {
      const list = step(
        "list",
        lambda({}, () => [1, 2]),
        { when: eq<boolean>(wanted, true) },
      );
      const other = step(
        "other",
        lambda({}, () => [3]),
      );
      map("direct", list, (n) => lambda({ n }, ({ n }) => n));
      map("both", flatten([maybe(list), other]), (n) => lambda({ n }, ({ n }) => n));
      step(
        "field",
        lambda({ first: maybe(list), run: maybe(other) }, ({ first, run }) => [first, run]),
      );
    });

  it("of a step that has a result is that result", async () => {
    const { outputs } = await testPipeline(skippable(true));
    expect(outputs).toMatchObject({ direct: [1, 2], both: [1, 2, 3], field: [[1, 2], [3]] });
  });

  it("of a skipped step is null, in a list to map over too, and a map over the step itself is skipped", async () => {
    const { state, outputs, states } = await testPipeline(skippable(false));
    expect(state).toBe("SUCCEEDED");
    expect(outputs).toMatchObject({ both: [null, 3], field: [null, [3]] });
    expect(states).not.toHaveProperty("direct");
  });

  it("alone isn't a list to map over if its step was skipped, and the map fails with that reason", async () => {
    const pipeline = definePipeline({ name: "alone", params: none }, ({ step, map }) => {
      const list = step(
        "list",
        lambda({}, () => [1]),
        { when: eq<number>(1, 2) },
      );
      // @ts-expect-error what may be null is no list
      map("each", maybe(list), (n) => lambda({ n }, () => 1));
    });
    expect((await testPipeline(pipeline)).error).toMatchObject({
      step: "each",
      message: expect.stringContaining("maps over null, which is not a list"),
    });
  });
});

describe("a skipped step", () => {
  it("skips every step that depends on its data, however far, with its maps and children", async () => {
    const pipeline = definePipeline({ name: "chain", params: none }, ({ step, map }) => {
      const first = step(
        "first",
        lambda({}, () => [1]),
        { when: eq<number>(1, 2) },
      );
      const second = map("second", first, (n) => lambda({ n }, ({ n }) => n));
      const third = step(
        "third",
        lambda({ second }, () => 1),
      );
      step(
        "fourth",
        lambda({}, () => "ran"),
        { after: [third] },
      );
    });
    const { state, states, outputs } = await testPipeline(pipeline);
    expect({ state, states, outputs }).toEqual({
      state: "SUCCEEDED",
      states: { first: "SKIPPED", fourth: "SUCCEEDED" },
      outputs: { fourth: "ran" },
    });
  });

  it("may be a map, whose children never exist", async () => {
    const pipeline = definePipeline({ name: "unmapped", params: none }, ({ step, map }) => {
      const all = map("each", [1, 2], (n) => lambda({ n }, ({ n }) => n), { when: eq<number>(1, 2) });
      step(
        "last",
        lambda({ all: maybe(all) }, ({ all }) => all),
      );
    });
    const { states, outputs } = await testPipeline(pipeline);
    expect(states).toEqual({ each: "SKIPPED", last: "SUCCEEDED" });
    expect(outputs.last).toBeNull();
  });
});
