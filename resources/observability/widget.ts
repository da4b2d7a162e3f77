import type { StackMetric } from "./stack-metric.ts";

/** A widget of a CloudWatch dashboard, without its place. The texts are for `Fn::Sub`. */
export type Widget = {
  readonly type: "text" | "alarm" | "metric" | "custom";
  readonly properties: Readonly<Record<string, unknown>>;
};

/** Widgets beside one another. They share the width of the dashboard. */
export type Row = { readonly height: number; readonly widgets: readonly Widget[] };

/** Columns of every CloudWatch dashboard. */
export const dashboardColumns = 24;

/** A widget with its place on the dashboard. */
export type PlacedWidget = Widget & {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
};

/** Places rows below one another. In a row, each widget has the same width. */
export function placed(rows: readonly Row[]): PlacedWidget[] {
  let y = 0;
  return rows.flatMap(({ height, widgets }) => {
    const width = Math.floor(dashboardColumns / widgets.length);
    const top = y;
    y += height;
    return widgets.map((widget, place) => ({ ...widget, x: place * width, y: top, width, height }));
  });
}

/** CloudWatch's own colours, for figures whose meaning has a colour. State is also told by its word. */
export const colours = { good: "#2ca02c", bad: "#d62728", warning: "#ff7f0e", neutral: "#7f7f7f" } as const;

export type Statistic = "Sum" | "Maximum" | "p50" | "p95" | "p99";

/** Seconds that a point of a chart covers. */
const chartPeriod = 300;

/** One line of a chart. */
export type Line =
  | { readonly metric: StackMetric; readonly label: string; readonly colour?: string }
  /** A search or a calculation, of which each result is a line. */
  | { readonly expression: string; readonly label: string; readonly colour?: string };

/** A horizontal line, such as the threshold of an alarm. */
export type Limit = { readonly label: string; readonly value: number };

export type Chart = {
  /** A question that the chart answers. */
  readonly title: string;
  readonly statistic: Statistic;
  readonly lines: readonly Line[];
  readonly unit: string;
  readonly limits?: readonly Limit[];
  readonly stacked?: boolean;
};

function lineOf(line: Line, place: number): unknown {
  const style = { label: line.label, ...(line.colour !== undefined && { color: line.colour }) };
  if ("expression" in line) return [{ expression: line.expression, id: `e${place}`, ...style }];
  const { namespace, name, dimensions } = line.metric;
  return [namespace, name, ...Object.entries(dimensions).flat(), style];
}

export function chart({ title, statistic, lines, unit, limits = [], stacked = false }: Chart): Widget {
  return {
    type: "metric",
    properties: {
      title,
      view: "timeSeries",
      stacked,
      region: `\${AWS::Region}`,
      stat: statistic,
      period: chartPeriod,
      metrics: lines.map(lineOf),
      yAxis: { left: { label: unit, showUnits: false, min: 0 } },
      ...(limits.length > 0 && { annotations: { horizontal: limits } }),
    },
  };
}

/** Every metric of the namespace that has exactly these dimensions and the values in `where`. */
export function search(
  namespace: string,
  dimensions: readonly string[],
  where: string,
  statistic: Statistic,
): string {
  return `SEARCH('{${[namespace, ...dimensions].join(",")}} ${where}', '${statistic}', ${chartPeriod})`;
}
