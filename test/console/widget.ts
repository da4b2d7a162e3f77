import { attribute, type Element, elementsOf, textOf } from "./elements.ts";

/** What a widget's button does when it is clicked. */
type Action = {
  readonly button: Element;
  readonly endpoint: string;
  readonly confirmation?: string;
  readonly payload: Record<string, unknown>;
};

/** Invokes a function, by the end of its ARN. */
type Functions = Readonly<Record<string, (event: unknown) => Promise<unknown>>>;

const removed = new Set(["script", "iframe", "use"]);

function previousElement(element: Element): Element | undefined {
  const siblings = element.parentNode?.childNodes ?? [];
  const before = siblings.slice(0, siblings.indexOf(element));
  return before.findLast((node): node is Element => "tagName" in node);
}

function checkedJson(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw new Error("the action's JSON is no object");
  return { ...value };
}

/** Binds an action to the element before it. It refuses what CloudWatch ignores without a word. */
function actionOf(element: Element): Action {
  const button = previousElement(element);
  if (button === undefined) throw new Error("a cwdb-action has no element before it");
  const endpoint = attribute(element, "endpoint");
  const isCall = attribute(element, "action") === "call";
  if (isCall && (endpoint === undefined || endpoint === ""))
    throw new Error("a cwdb-action that calls has no endpoint");
  if (isCall && attribute(element, "event") === "mouseenter")
    throw new Error("a call can't follow mouseenter");
  if (!isCall || endpoint === undefined) throw new Error("pages only use actions that call");
  const confirmation = attribute(element, "confirmation");
  return {
    button,
    endpoint,
    payload: checkedJson(textOf(element)),
    ...(confirmation !== undefined && { confirmation }),
  };
}

/**
 * A custom widget of a CloudWatch dashboard, as its documentation describes it: it cleans the answer, binds actions,
 * gathers named fields, asks for confirmations, and calls functions.
 */
export class Widget {
  html = "";
  /** What people typed, by the names of fields. */
  readonly typed: Record<string, string> = {};
  /** The questions that were asked. */
  readonly asked: string[] = [];
  private readonly functions: Functions;
  private readonly params: Record<string, unknown>;
  private readonly theme: "light" | "dark";

  constructor(functions: Functions, params: Record<string, unknown> = {}, theme: "light" | "dark" = "light") {
    this.functions = functions;
    this.params = params;
    this.theme = theme;
  }

  private context() {
    const fields = elementsOf(this.html).flatMap((element) => {
      const name = attribute(element, "name");
      if (name === undefined || !["input", "select"].includes(element.tagName)) return [];
      // What is not ticked isn't sent.
      if (attribute(element, "type") === "checkbox" && this.typed[name] === undefined) return [];
      const selected = elementsIn(element).find((option) => attribute(option, "selected") !== undefined);
      const value = attribute(element, "value") ?? (selected && attribute(selected, "value")) ?? "";
      return [[name, this.typed[name] ?? value] as const];
    });
    return {
      ...{ dashboardName: "millrace-dev", widgetId: "widget-1", accountId: "123456789012", locale: "en" },
      ...{
        timezone: { label: "UTC", offsetISO: "+00:00", offsetInMinutes: 0 },
        period: 300,
        isAutoPeriod: true,
      },
      ...{
        timeRange: { mode: "relative", start: 0, end: 1, relativeStart: 1 },
        theme: this.theme,
        linkCharts: true,
      },
      ...{
        title: "console",
        forms: { all: Object.fromEntries(fields) },
        params: this.params,
        width: 900,
        height: 600,
      },
    };
  }

  private async call(endpoint: string, event: Record<string, unknown>): Promise<void> {
    const name = endpoint.split(":").at(-1) ?? "";
    const invoke = this.functions[name];
    if (invoke === undefined) throw new Error(`there is no function ${name}`);
    const answer = await invoke(JSON.parse(JSON.stringify({ ...event, widgetContext: this.context() })));
    if (typeof answer !== "string") throw new Error("CloudWatch shows JSON, because the answer is no HTML");
    if (Buffer.byteLength(JSON.stringify(answer)) > 6_000_000)
      throw new Error("Lambda refuses an answer over 6 MB");
    this.html = answer;
    for (const { tagName, attrs } of elementsOf(answer)) {
      if (removed.has(tagName)) throw new Error(`CloudWatch removes <${tagName}>`);
      const handler = attrs.find((each) => each.name.startsWith("on"));
      if (handler !== undefined) throw new Error(`CloudWatch removes ${handler.name}`);
    }
    // Each one is checked, not only those that a test clicks.
    this.actions();
  }

  private actions(): Action[] {
    return elementsOf(this.html)
      .filter(({ tagName }) => tagName === "cwdb-action")
      .map(actionOf);
  }

  /** Opens the dashboard, or refreshes it: CloudWatch calls with the configured parameters. */
  async refresh(endpoint: string): Promise<void> {
    await this.call(endpoint, this.params);
  }

  /** The texts of all buttons. */
  buttons(): string[] {
    return this.actions().map(({ button }) => textOf(button));
  }

  /** Clicks the first button with a text, and confirms. */
  async click(text: string): Promise<void> {
    const action = this.actions().find(({ button }) => textOf(button) === text);
    if (action === undefined) throw new Error(`no button "${text}"; there are ${this.buttons().join(", ")}`);
    if (action.confirmation !== undefined) this.asked.push(action.confirmation);
    await this.call(action.endpoint, action.payload);
  }
}

/** The elements inside of an element. */
function elementsIn(element: Element): Element[] {
  return element.childNodes.flatMap((node) => ("tagName" in node ? [node, ...elementsIn(node)] : []));
}
