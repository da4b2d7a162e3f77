import { curvesOf, curvesOver, maxPoints, thinned } from "./curves.ts";

test("the first column that rises is what the others are measured over, and names that end alike share a chart", () => {
  const columns = ["name", "epoch", "trainLoss", "test_loss", "seconds"];
  const rows = [
    ["a", 1, 0.9, 1.1, 5],
    ["b", 2, 0.5, null, 4],
    ["c", 3, 0.4, 0.7, 6],
    ["d", 4, 0.3, 0.6, 5],
  ];
  const charts = curvesOf(columns, rows);
  expect(charts.map(({ along, of, series }) => [along, of, series.map(({ name }) => name)])).toEqual([
    ["epoch", "loss", ["train loss", "test loss"]],
    ["epoch", "seconds", ["seconds"]],
  ]);
  expect(charts[0]?.series[1]?.points).toEqual([
    { x: 1, y: 1.1 },
    { x: 3, y: 0.7 },
    { x: 4, y: 0.6 },
  ]);
});

test.each([
  [
    "too few rows",
    ["epoch", "loss"],
    [
      [1, 2],
      [2, 3],
    ],
  ],
  [
    "nothing that rises",
    ["epoch", "loss"],
    [
      [1, 2],
      [1, 3],
      [2, 4],
    ].toReversed(),
  ],
  [
    "words only",
    ["name", "note"],
    [
      ["a", "x"],
      ["b", "y"],
      ["c", "z"],
    ],
  ],
  ["no column", [], [[], [], []]],
])("a table gives no chart: %s", (_, columns, rows) => {
  expect(curvesOf(columns, rows)).toEqual([]);
});

test("tables of the same form give a chart for each figure, with a line for each table", () => {
  const rows = (factor: number) => [1, 2, 3].map((epoch) => [epoch, factor / epoch]);
  const tables = [1, 2].map((factor) => ({
    label: `run ${factor}`,
    columns: ["epoch", "loss"],
    rows: rows(factor),
  }));
  const [chart, ...others] = curvesOver(tables);
  expect(others).toEqual([]);
  expect(chart?.of).toBe("loss");
  expect(chart?.series.map(({ name, points }) => [name, points.at(-1)?.y])).toEqual([
    ["run 1", 1 / 3],
    ["run 2", 2 / 3],
  ]);
});

test("a long line loses points in between, and never its last one", () => {
  const points = Array.from({ length: 100_001 }, (_, x) => ({ x, y: x }));
  const kept = thinned(points);
  expect(kept.length).toBeLessThanOrEqual(maxPoints + 1);
  expect(kept.at(-1)).toEqual({ x: 100_000, y: 100_000 });
});
