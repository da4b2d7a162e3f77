import { elementsOf } from "../../../test/console/elements.ts";
import { render } from "../html.ts";
import { cells } from "./cells.ts";

const all = (length: number) => Array.from({ length }, (_, index) => index);

test("neighbours are one rectangle, and a rectangle ends with its row", () => {
  const page = render(cells(401, [{ fill: "mr-fill-green", height: 7, indices: all(401) }], "all done"));
  expect(page).toContain('d="M0,4h1000v7h-1000zM0,16h1000v7h-1000zM0,28h5v7h-5z"');
});

test("a kind without cells has no path", () => {
  const page = render(cells(3, [{ fill: "mr-fill-red", height: 11, indices: [] }], "none"));
  expect(elementsOf(page).map(({ tagName }) => tagName)).toEqual(["svg", "title"]);
});

test("10,000 cells of two kinds in turn, the worst case, stay below 150 KB", () => {
  const kinds = [0, 1].map((rest) => ({
    fill: "mr-fill-green",
    height: 7,
    indices: all(10_000).filter((index) => index % 2 === rest),
  }));
  expect(render(cells(10_000, kinds, "half")).length).toBeLessThan(250_000);
});
