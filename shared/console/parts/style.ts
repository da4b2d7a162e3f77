import { raw } from "hono/html";
import type { Colour } from "../../wording/state-looks.ts";
import type { Html } from "../html.ts";

/** The text of a state, the line around it, and the ground below it: text 4.5:1 and lines 3:1 on their ground. */
type Shade = { readonly text: string; readonly line: string; readonly ground: string };
type Theme = {
  readonly text: string;
  readonly quiet: string;
  readonly ground: string;
  readonly raised: string;
  readonly line: string;
  readonly link: string;
  readonly states: Readonly<Record<Colour, Shade>>;
};

/** The colours of both themes. Red is darker than green on light ground and lighter on dark ground. */
export const themes: Readonly<Record<"light" | "dark", Theme>> = {
  light: {
    ...{ text: "#16191f", quiet: "#545b64", ground: "#ffffff", raised: "#f4f5f7", line: "#7d8998" },
    link: "#0558a8",
    states: {
      green: { text: "#1a6b2b", line: "#2f8a43", ground: "#e8f5ea" },
      red: { text: "#8f1d14", line: "#b3261e", ground: "#fdeceb" },
      cyan: { text: "#0b5c85", line: "#1d7aad", ground: "#e6f2f9" },
      yellow: { text: "#6d4c00", line: "#946800", ground: "#fdf4dc" },
      magenta: { text: "#6f2a80", line: "#8f3fae", ground: "#f5eaf9" },
      gray: { text: "#4a525b", line: "#6f7883", ground: "#f1f2f4" },
    },
  },
  dark: {
    ...{ text: "#e6e9ec", quiet: "#a9b3bd", ground: "#161d26", raised: "#1f2833", line: "#7d8998" },
    link: "#75b8f5",
    states: {
      green: { text: "#7fd08f", line: "#4fa763", ground: "#16331c" },
      red: { text: "#ffb4ab", line: "#ffaaa1", ground: "#43191a" },
      cyan: { text: "#86c9ef", line: "#4aa3d1", ground: "#0f3044" },
      yellow: { text: "#edc35a", line: "#c79a2a", ground: "#3d2f08" },
      magenta: { text: "#dfa8ee", line: "#b86fd0", ground: "#371a43" },
      gray: { text: "#bcc4cc", line: "#8b95a0", ground: "#262d36" },
    },
  },
};

/** Colours of a chart's lines, in their order. Lines also differ by their dashes. */
const seriesColours: readonly Colour[] = ["cyan", "magenta", "yellow", "green", "red", "gray"];

const structure = [
  ".mr-page{margin:0}",
  ".mr{font:14px/1.45 system-ui,-apple-system,'Segoe UI',sans-serif;padding:12px 16px;max-width:1560px;margin:0 auto;box-sizing:border-box;overflow-wrap:anywhere}",
  ".mr *{box-sizing:border-box}",
  ".mr h1{font-size:20px;margin:8px 0}.mr h2{font-size:16px;margin:16px 0 6px}.mr p{margin:4px 0}",
  ".mr nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:4px 12px;margin:0;padding:0}",
  ".mr .mr-link{display:inline-block;min-height:24px;padding:2px 0;background:none;border:0;font:inherit;text-align:left;text-decoration:underline;cursor:pointer;overflow-wrap:anywhere}",
  ".mr .mr-link[aria-current]{font-weight:bold;text-decoration:none;border-bottom:3px solid}",
  ".mr .mr-button{min-height:28px;padding:3px 12px;font:inherit;border:1px solid;border-radius:6px;cursor:pointer}",
  ".mr .mr-link:focus-visible,.mr .mr-button:focus-visible,.mr input:focus-visible,.mr select:focus-visible,.mr summary:focus-visible,.mr .mr-scroll:focus-visible,.mr .mr-choice:focus-visible{outline:3px solid;outline-offset:2px}",
  ".mr summary{min-height:24px;padding:2px 0;cursor:pointer}",
  ".mr .mr-form{display:flex;flex-wrap:wrap;gap:6px 12px;align-items:end;margin:6px 0}",
  ".mr .mr-actions{display:flex;flex-wrap:wrap;gap:0 12px;align-items:end}",
  ".mr .mr-field{display:inline-flex;flex-direction:column;max-width:100%}",
  ".mr input,.mr select{font:inherit;min-height:28px;padding:2px 6px;border:1px solid;border-radius:4px;max-width:100%}",
  ".mr input[type=checkbox]{min-width:24px;min-height:24px;margin:0}",
  ".mr .mr-badge{display:inline-block;white-space:nowrap;padding:1px 8px;border:1px solid;border-radius:10px}",
  ".mr .mr-panel{border:1px solid;border-left-width:6px;border-radius:4px;padding:8px 12px;margin:8px 0}",
  ".mr .mr-facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,340px),1fr));gap:2px 24px;margin:8px 0}.mr .mr-fact{display:grid;grid-template-columns:104px 1fr;gap:0 12px}.mr .mr-facts dt{font-weight:600}.mr .mr-facts dd{margin:0}",
  ".mr .mr-scroll{overflow-x:auto;max-width:100%}",
  // Without scripts, the direction of writing is what decides at which end scrolling begins.
  ".mr .mr-newest{direction:rtl;width:fit-content}.mr .mr-newest svg{direction:ltr}",
  ".mr table{border-collapse:collapse;width:100%}.mr th,.mr td{text-align:left;vertical-align:top;padding:4px 10px 4px 0;border-bottom:1px solid}.mr th{font-weight:600;white-space:nowrap}.mr td{overflow-wrap:normal}.mr .mr-number{text-align:right;white-space:nowrap}",
  // On a page that is not wide, a table is as wide as its texts and scrolls, or each of its cells would be a column of letters.
  "@media(max-width:1200px){.mr table{width:max-content;min-width:100%}}",
  "@media(max-width:1200px){.mr td{max-width:280px}}",
  ".mr pre,.mr code{font:12.5px/1.5 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere;margin:0}",
  ".mr .mr-tabs{border-bottom:1px solid;margin:12px 0 8px}",
  ".mr time{white-space:nowrap}",
  ".mr .mr-bar{display:block;width:100%;min-width:120px;height:18px}",
  ".mr .mr-graph{display:block;max-width:100%;height:auto}.mr .mr-graph text{font:12px ui-monospace,Menlo,Consolas,monospace}.mr .mr-graph .mr-name{font-weight:bold}.mr .mr-edge{fill:none;stroke-width:1.3}.mr .mr-after{stroke-dasharray:2 4}",
  ".mr .mr-chart{display:block}.mr .mr-chart text{font:12px system-ui,-apple-system,'Segoe UI',sans-serif}",
  ".mr .mr-cells{display:block;max-width:100%;height:auto}",
  ".mr .mr-choices{display:flex;flex-wrap:wrap;gap:6px;align-items:center}.mr .mr-choice{width:24px;height:24px;margin:0;accent-color:currentColor}.mr .mr-choice-text{margin-right:12px;padding:2px 0;cursor:pointer}.mr .mr-choice:checked+.mr-choice-text{font-weight:bold}.mr .mr-chosen{display:none;order:1;width:100%}.mr .mr-choice:checked+.mr-choice-text+.mr-chosen{display:block}.mr .mr-choices .mr-tabs{display:none}",
  ".mr .mr-series{fill:none;stroke-width:2}.mr .mr-thread{fill:none;stroke-width:1}.mr .mr-grid{fill:none;stroke-width:1;stroke-dasharray:1 3}.mr .mr-figure{margin:10px 0}.mr .mr-figure figcaption{margin:4px 0}",
  ".mr .mr-series-1{stroke-dasharray:7 4}.mr .mr-series-2{stroke-dasharray:2 3}.mr .mr-series-3{stroke-dasharray:12 4 2 4}.mr .mr-series-4{stroke-dasharray:16 5}.mr .mr-series-5{stroke-dasharray:5 3 1 3 1 3}",
  ".mr .mr-image{display:block;max-width:100%;height:auto}.mr h3{font-size:14px;margin:12px 0 4px}.mr h4,.mr h5{font-size:14px;margin:8px 0 4px}.mr .mr-text{max-width:80ch}.mr .mr-text blockquote{margin:4px 0 4px 16px}",
  ".mr .mr-map-cells{display:block;width:100%;height:auto;max-width:1000px}",
  ".mr .mr-foot{margin-top:16px;font-size:12.5px}",
  ".mr .mr-hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}",
];

function themeRules(name: "light" | "dark"): string[] {
  const { text, quiet, ground, raised, line, link, states } = themes[name];
  const root = `.mr.mr-${name}`;
  return [
    `${root}{color:${text};background:${ground}}${root} .mr-link{color:${link}}${root} .mr-quiet,${root} .mr-foot{color:${quiet}}`,
    `.mr-page-${name}{background:${ground}}`,
    `${root} .mr-button{color:${text};background:${raised};border-color:${line}}`,
    `${root} input,${root} select{color:${text};background:${ground};border-color:${line}}`,
    `${root} th,${root} td,${root} .mr-tabs{border-color:${line}}${root} pre{background:${raised};padding:6px 8px}`,
    `${root} .mr-edge{stroke:${line}}${root} .mr-arrow{fill:${line}}${root} .mr-graph text,${root} .mr-chart text{fill:${text}}`,
    `${root} .mr-grid,${root} .mr-thread{stroke:${line}}`,
    ...seriesColours.map((colour, number) => `${root} .mr-series-${number}{stroke:${states[colour].line}}`),
    ...Object.entries(states).map(
      ([colour, shade]) =>
        `${root} .mr-${colour}{color:${shade.text};border-color:${shade.line};background:${shade.ground}}${root} rect.mr-${colour}{fill:${shade.ground};stroke:${shade.line}}${root} .mr-fill-${colour}{fill:${shade.line}}`,
    ),
  ];
}

/** The one style sheet of all pages. Each selector begins with `.mr`, because a dashboard has styles of its own. */
export const styleSheet: string = [...structure, ...themeRules("light"), ...themeRules("dark")].join("\n");

/** The style sheet as an element, for a widget. */
export const styleElement: Html = raw(`<style>${styleSheet}</style>`);

/** The style sheet as an element that a content security policy allows. @param nonce letters and digits */
export function styleWithNonce(nonce: string): Html {
  if (!/^[\w-]+$/.test(nonce)) throw new TypeError("a nonce has letters, digits, - and _ only");
  return raw(`<style nonce="${nonce}">${styleSheet}</style>`);
}
