import { sampleDataset, truth } from "./sample-dataset.ts";

const points = sampleDataset()
  .trimEnd()
  .split("\n")
  .slice(1)
  .map((line) => line.split(",").map(Number) as [number, number]);

test("the sample dataset is deterministic", () => {
  expect(sampleDataset()).toBe(sampleDataset());
});

test("the sample dataset has a header and a hundred points on a noisy line", () => {
  expect(sampleDataset().startsWith("x,y\n")).toBe(true);
  expect(points).toHaveLength(100);
  const mean = (of: (point: [number, number]) => number) =>
    points.reduce((sum, each) => sum + of(each), 0) / points.length;
  const meanX = mean(([x]) => x);
  const meanY = mean(([, y]) => y);
  const slope = mean(([x, y]) => (x - meanX) * (y - meanY)) / mean(([x]) => (x - meanX) ** 2);
  const noise = Math.sqrt(mean(([x, y]) => (y - meanY - slope * (x - meanX)) ** 2));
  expect(slope).toBeCloseTo(truth.slope, 0);
  expect(noise).toBeGreaterThan(truth.noise / 2);
  expect(noise).toBeLessThan(truth.noise * 1.5);
});
