import { styleSheet, styleWithNonce, themes } from "./style.ts";

/** How light a colour is, by WCAG 2.2. */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((from) => Number.parseInt(colour.slice(from, from + 2), 16) / 255)
    .map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].toSorted((x, y) => y - x);
  return (light + 0.05) / (dark + 0.05);
}

describe.each(Object.entries(themes))("the %s theme", (_, theme) => {
  test("has text with a contrast of at least 4.5", () => {
    for (const text of [theme.text, theme.quiet, theme.link]) {
      expect(contrast(text, theme.ground)).toBeGreaterThanOrEqual(4.5);
    }
    expect(contrast(theme.text, theme.raised)).toBeGreaterThanOrEqual(4.5);
    for (const { text, ground } of Object.values(theme.states)) {
      expect(contrast(text, ground)).toBeGreaterThanOrEqual(4.5);
    }
  });

  test("has links that are readable on the ground of a panel", () => {
    for (const { ground } of Object.values(theme.states)) {
      expect(contrast(theme.link, ground)).toBeGreaterThanOrEqual(4.5);
      expect(contrast(theme.text, ground)).toBeGreaterThanOrEqual(4.5);
    }
  });

  test("has lines with a contrast of at least 3, on the page and on the ground of their state", () => {
    expect(contrast(theme.line, theme.ground)).toBeGreaterThanOrEqual(3);
    for (const { line, ground } of Object.values(theme.states)) {
      expect(contrast(line, ground)).toBeGreaterThanOrEqual(3);
      expect(contrast(line, theme.ground)).toBeGreaterThanOrEqual(3);
    }
  });

  test("tells red from green by lightness too", () => {
    const { red, green } = theme.states;
    expect(contrast(red.line, green.line)).toBeGreaterThan(1.3);
  });
});

test("each selector begins with .mr, so that a dashboard's own styles stay as they are", () => {
  const rules = styleSheet.replace(/@media[^{]*\{([^{}]*\{[^{}]*\})\}/g, "$1");
  const selectors = [...rules.matchAll(/([^{}]+)\{[^{}]*\}/g)].flatMap(([, list = ""]) =>
    list.trim().split(","),
  );
  expect(selectors.length).toBeGreaterThan(50);
  expect(selectors.filter((selector) => !/^\.mr\b/.test(selector.trim()))).toEqual([]);
});

test("the style sheet contains nothing that a widget removes or that loads something", () => {
  expect(styleSheet).not.toMatch(/url\(|@import|<|:root|prefers-color-scheme/);
});

test("a nonce that could end its attribute is refused", () => {
  expect(() => styleWithNonce('a"><script>')).toThrow(TypeError);
});
