import { pipelines } from "../../pipelines/index.ts";
import { aStepNode } from "../../test/factories.ts";
import { graphSvg } from "./graph-svg.ts";

const steps = [
  aStepNode(0, "load"),
  aStepNode(1, "fit", { needs: [0], over: { $params: ["alphas"] } }),
  aStepNode(2, "tell", { needs: [0], after: [1], when: { $lt: [1, { $params: ["limit"] }] } }),
];
const graph = { version: 1 as const, pipeline: "p", steps };
const count = (text: string, part: RegExp) => [...text.matchAll(part)].length;

/** The boxes and their names, as the picture shows them. */
function boxes(svg: string) {
  return [...svg.matchAll(/<g class="step (\w+)">.*?<\/g>/g)].map(([group = "", colour]) => {
    const [, x, y, width, height] = (
      /.*<rect x="(.+?)" y="(.+?)" width="(.+?)" height="(.+?)"/.exec(group) ?? []
    ).map(Number);
    return { colour, x, y, width, height, rects: count(group, /<rect/g) };
  });
}

test("every step is a box around its text without overlaps; a mapped step has a second sheet", () => {
  const drawn = boxes(graphSvg(graph));
  expect(drawn.map(({ rects }) => rects)).toEqual([1, 2, 1]);
  for (const [place, box] of drawn.entries()) {
    for (const other of drawn.slice(place + 1)) {
      const apart =
        (box.y ?? 0) + (box.height ?? 0) < (other.y ?? 0) || (box.x ?? 0) + (box.width ?? 0) < (other.x ?? 0);
      expect(apart).toBe(true);
    }
  }
});

test("a line runs from each step to its dependants, dotted if only the order counts", () => {
  const svg = graphSvg(graph);
  expect(count(svg, /class="edge"/g)).toBe(2);
  expect(count(svg, /class="edge after"/g)).toBe(1);
});

test.each(pipelines.map(({ name, graph }) => ({ name, graph })))(
  "no line and no box of $name is cut off",
  ({ graph }) => {
    const svg = graphSvg(graph);
    const [, left = 0, top = 0, width = 0, height = 0] = (
      /viewBox="(\S+) (\S+) (\S+) (\S+)"/.exec(svg) ?? []
    ).map(Number);
    const ends = boxes(svg).flatMap(({ x = 0, y = 0, width = 0, height = 0 }) => [
      [x, y],
      [x + width, y + height],
    ]);
    const bends = [...svg.matchAll(/class="edge[^>]* d="([^"]+)"/g)].flatMap(([, path = ""]) =>
      [...path.matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [Number(x), Number(y)]),
    );
    const outside = [...ends, ...bends].filter(
      ([x = 0, y = 0]) => x < left || y < top || x > left + width || y > top + height,
    );
    expect(bends.length).toBeGreaterThan(2);
    expect(outside).toEqual([]);
  },
);

test("a run's steps are coloured and labelled by their states", () => {
  const svg = graphSvg(graph, new Map([[1, { colour: "red", text: "failed, 3/4 done" }]]));
  expect(boxes(svg).map(({ colour }) => colour)).toEqual(["gray", "red", "gray"]);
  expect(svg).toContain("failed, 3/4 done</text>");
});

test("text of a definition is escaped", () => {
  const svg = graphSvg({ ...graph, steps: [aStepNode(0, '<script>&"')] });
  expect(svg).toContain("&lt;script&gt;&amp;&quot;");
  expect(svg).not.toContain("<script");
});
