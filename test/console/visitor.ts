import { attribute, type Element, elementsOf, pageText, textOf } from "./elements.ts";

const inside = (element: Element): Element[] =>
  element.childNodes.flatMap((node) => ("tagName" in node ? [node, ...inside(node)] : []));

/** Somebody who reads a loopback console without a browser: follows links, and presses the buttons of forms. */
export class Visitor {
  /** The page that is open. */
  html = "";
  private readonly origin: string;
  private cookie = "";

  /** @param address as `millrace console` prints it */
  constructor(address: string) {
    this.origin = new URL(address).origin;
  }

  /** What the open page says. */
  get text(): string {
    return pageText(this.html);
  }

  /** Uses up the address that opens the console, and looks at the page that it leads to. */
  async enter(address: string): Promise<void> {
    const { status, headers } = await fetch(address, { redirect: "manual" });
    if (status !== 303) throw new Error(`the console was not opened: ${status}`);
    this.cookie = headers.get("set-cookie")?.split(";")[0] ?? "";
    await this.open(headers.get("location") ?? "/");
  }

  /** @throws Error if the console answers with a failure */
  async open(path: string): Promise<void> {
    await this.read(await fetch(this.origin + path, { headers: { cookie: this.cookie } }));
  }

  /** Follows the first link with a text. */
  async follow(text: string): Promise<void> {
    const link = elementsOf(this.html).find((each) => each.tagName === "a" && textOf(each) === text);
    const path = link && attribute(link, "href");
    if (path === undefined) throw new Error(`no link "${text}" in: ${this.text}`);
    await this.open(path);
  }

  /** Presses the button of a form that makes a change, and confirms. */
  async press(text: string): Promise<void> {
    await this.send(text);
    await this.send("Yes, do it");
  }

  private async send(button: string): Promise<void> {
    const form = elementsOf(this.html).find(
      (each) =>
        each.tagName === "form" &&
        inside(each).some((part) => part.tagName === "button" && textOf(part) === button),
    );
    if (form === undefined) throw new Error(`no button "${button}" in: ${this.text}`);
    const fields = inside(form)
      .filter(({ tagName }) => tagName === "input")
      .map((input): [string, string] => [attribute(input, "name") ?? "", attribute(input, "value") ?? ""]);
    const headers = { cookie: this.cookie, origin: this.origin };
    const path = attribute(form, "action") ?? "";
    await this.read(
      await fetch(this.origin + path, { method: "POST", headers, body: new URLSearchParams(fields) }),
    );
  }

  private async read(answer: Response): Promise<void> {
    this.html = await answer.text();
    if (!answer.ok) throw new Error(`${answer.status}: ${this.text}`);
  }
}
