import { compareScreen, logScreen, modelScreen, modelsScreen } from "./model-screen.ts";

const now = Date.parse("2026-01-03T00:00:00Z");
const registeredAt = "2026-01-01T00:00:00Z";

test("figures have six digits, counts are complete, and lines are cut at the terminal's width", () => {
  const metrics = { testLogLoss: 0.399281234, rows: 12_345_678, trainLogLoss: 0.4 };
  const screen = modelsScreen(
    [{ name: "ctr", aliases: [], champion: { version: 12, registeredAt, metrics } }],
    70,
    now,
  );
  const [, line = ""] = screen.split("\n");
  expect(line).toMatch(/^ctr {4}12 {8}2 d ago {5}testLogLoss 0\.399281, rows 12345678, tra…$/);
  expect(line.length).toBeLessThanOrEqual(70);
});

test("the gate's metric comes first in lists and comparisons", () => {
  const metrics = { rows: 3, testLogLoss: 0.4, seconds: 1 };
  const model = { name: "ctr", aliases: [], metric: "testLogLoss" };
  const all = modelsScreen([{ ...model, champion: { version: 1, registeredAt, metrics } }], 80, now);
  expect(all).toMatch(/ {2}testLogLoss 0\.4, rows 3, seconds 1$/);
  const one = modelScreen(
    { ...model, versions: [{ version: 1, registeredAt, metrics, tags: {}, aliases: [] }] },
    Number.POSITIVE_INFINITY,
    now,
  );
  expect(one).toMatch(/ {2}testLogLoss 0\.4, rows 3, seconds 1$/);
  const differences = Object.keys(metrics).map((name) => ({ field: `metrics.${name}`, a: 1, b: 2 }));
  const fields = compareScreen(differences, ["1", "2"], "testLogLoss").split("\n").slice(1);
  expect(fields.map((line) => line.split(" ")[0])).toEqual([
    "metrics.testLogLoss",
    "metrics.rows",
    "metrics.seconds",
  ]);
});

test("a model without a champion is listed with its other aliases", () => {
  const screen = modelsScreen([{ name: "ctr", aliases: [{ alias: "challenger", version: 3 }] }], 80, now);
  expect(screen.split("\n")[1]).toMatch(/^ctr +none +challenger 3$/);
});

test("a value that only one of two versions has is compared with a dash", () => {
  const screen = compareScreen([{ field: "seed", a: null, b: 42 }], ["1", "2"]);
  expect(screen.split("\n")[1]).toMatch(/^seed +– +42$/);
});

test("a change is relative to the first value, and omitted if that is 0", () => {
  const of = (a: number, b: number, change: number) =>
    compareScreen([{ field: "m", a, b, change }], ["1", "2"]).split("\n")[1];
  expect(of(2, 1, -0.5)).toMatch(/−50 %$/);
  expect(of(2, 2, 0)).toMatch(/the same$/);
  expect(of(0, 1, Number.POSITIVE_INFINITY)).toMatch(/^m +0 +1$/);
});

test("moves are listed newest first, with actor and reason", () => {
  const move = { name: "ctr", alias: "champion", at: registeredAt, why: "better" } as const;
  const screen = logScreen([
    {
      ...move,
      number: 1,
      kind: "promotion",
      from: null,
      to: 1,
      by: { runId: "r", step: "promote", index: 0 },
    },
    { ...move, number: 2, kind: "set", from: 1, to: 2, by: { person: "ana" } },
  ]);
  const [, first = "", second = ""] = screen.split("\n");
  expect(first).toMatch(/1 → 2 +set +ana: better$/);
  expect(second).toMatch(/none → 1 +promotion +step promote of run r: better$/);
});
