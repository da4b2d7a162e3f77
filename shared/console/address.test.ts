import fc from "fast-check";
import { backfillIntervals } from "../backfill/backfill-times.ts";
import { runStates } from "../state/run.ts";
import { addressOf, requestAt } from "./address.ts";
import { causeKinds, type PageRequest, pageNames, pageRequest, runTabs } from "./page-request.ts";

const name = fc.string({ minLength: 1, maxLength: 30 });
const id = fc.stringMatching(/^[A-Za-z0-9-]{1,30}$/);
const tag = fc.stringMatching(/^[a-z][a-z:.]{0,10}$/);
const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined });

/** Any request, before it is parsed. */
const requests = fc.oneof(
  fc.constantFrom({ page: "home" }, { page: "approvals" }, { page: "probe" }),
  fc.record({
    page: fc.constant("runs"),
    pipeline: maybe(name),
    state: maybe(fc.uniqueArray(fc.constantFrom(...runStates), { minLength: 1 })),
    tag: maybe(tag),
    without: maybe(tag),
    since: maybe(fc.constantFrom("2021-10-04", "2021-10-04T16:21:00Z")),
    cause: maybe(fc.constantFrom(...causeKinds)),
    param: maybe(fc.constantFrom("alpha=0.1", "model.kind=a=b", "text=a&b,c")),
    longer: maybe(fc.nat()),
    from: maybe(name),
  }),
  fc.record({ page: fc.constant("chosen"), runs: maybe(fc.array(id, { minLength: 1, maxLength: 50 })) }),
  fc.record({ page: fc.constant("run"), runId: name, tab: maybe(fc.constantFrom(...runTabs)) }),
  fc.record({
    page: fc.constant("step"),
    runId: name,
    step: name,
    index: maybe(fc.nat(9999)),
    text: maybe(name),
  }),
  fc.record({
    page: fc.constant("map"),
    runId: name,
    step: name,
    row: maybe(fc.nat(9999)),
    find: maybe(name),
  }),
  fc.record({
    page: fc.constant("compare"),
    runs: fc.array(id, { minLength: 2, maxLength: 5 }),
    all: maybe(fc.boolean()),
  }),
  fc.record({ page: fc.constant("pipeline"), pipeline: name, again: maybe(name) }),
  fc.record({ page: fc.constant("backfill"), backfill: maybe(name) }),
  fc.record({
    page: fc.constant("backfill-plan"),
    pipeline: name,
    from: maybe(fc.constantFrom("2021-10-04", "2021-10-04T16:21:00+02:00")),
    every: maybe(fc.constantFrom(...backfillIntervals)),
    concurrency: maybe(fc.integer({ min: 1, max: 100 })),
    retryFailed: maybe(fc.boolean()),
    params: maybe(fc.constantFrom({}, { alpha: 0.1, list: [1, "a,b"] })),
  }),
  fc.record({
    page: fc.constant("models"),
    name: maybe(name),
    versions: maybe(fc.array(fc.integer({ min: 1 }), { minLength: 1, maxLength: 5 })),
    below: maybe(fc.integer({ min: 1 })),
  }),
  fc.record({ page: fc.constant("queues"), queue: maybe(name) }),
  fc.record({ page: fc.constant("schedules"), week: maybe(fc.constant("2021-10-04")) }),
);

/** What an address says. */
function read(address: string): PageRequest {
  const url = new URL(address, "http://127.0.0.1");
  return requestAt(url.pathname, url.searchParams);
}

test("an address leads to the request that it was made of", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(requests, (given) => {
      const request = pageRequest.parse(given);
      seen.add(request.page);
      expect(read(addressOf(request))).toEqual(request);
    }),
    { numRuns: 500 },
  );
  expect([...seen].sort()).toEqual([...pageNames].sort());
});

test("an empty field of a form is no filter", () => {
  expect(read("/runs?pipeline=&state=FAILED,TIMED_OUT")).toEqual({
    page: "runs",
    state: ["FAILED", "TIMED_OUT"],
  });
});

test("fields of parameters are the parameters of a backfill", () => {
  expect(read("/backfill-plan?pipeline=p&json.alpha=0.5&text.region=05&json.empty=")).toEqual({
    ...{ page: "backfill-plan", pipeline: "p", params: { alpha: 0.5, region: "05" } },
  });
});

test("boxes of one list that are ticked are one list", () => {
  expect(read("/chosen?runs=a&runs=b")).toEqual({ page: "chosen", runs: ["a", "b"] });
});

test.each(["/nothing", "/runs?colour=red", "/run", "/map?runId=r&step=s&row=-1", "/compare?runs=one"])(
  "%s is no address of a page",
  (address) => {
    expect(() => read(address)).toThrow(expect.objectContaining({ code: "REQUEST_INVALID" }));
  },
);
