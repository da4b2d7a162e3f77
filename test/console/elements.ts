import { type DefaultTreeAdapterTypes, defaultTreeAdapter, parseFragment } from "parse5";

/** An element as a browser's parser sees it. */
export type Element = DefaultTreeAdapterTypes.Element;
type Node = DefaultTreeAdapterTypes.Node;

/** All elements of a piece of HTML, in the order of their beginnings. */
export function elementsOf(html: string): Element[] {
  const found: Element[] = [];
  const visit = (node: Node): void => {
    if (defaultTreeAdapter.isElementNode(node)) found.push(node);
    if ("childNodes" in node) node.childNodes.forEach(visit);
  };
  visit(parseFragment(html));
  return found;
}

/** The value of an attribute. */
export function attribute({ attrs }: Element, name: string): string | undefined {
  return attrs.find((each) => each.name === name)?.value;
}

/** The text in a node, without its markup. */
export function textOf(node: Node): string {
  if (defaultTreeAdapter.isTextNode(node)) return node.value;
  return "childNodes" in node ? node.childNodes.map(textOf).join("") : "";
}

/** The text of a page as people read it: without its style sheet and the JSON of its buttons. */
export function pageText(html: string): string {
  const read = (node: Node): string => {
    if (defaultTreeAdapter.isElementNode(node) && ["style", "cwdb-action"].includes(node.tagName)) return "";
    if (defaultTreeAdapter.isTextNode(node)) return `${node.value} `;
    return "childNodes" in node ? node.childNodes.map(read).join("") : "";
  };
  return read(parseFragment(html)).replace(/\s+/g, " ");
}

/** The elements and the names of their attributes, without any text: what a template decides. */
export function shapeOf(html: string): string[] {
  return elementsOf(html).map(({ tagName, attrs }) => [tagName, ...attrs.map(({ name }) => name)].join(" "));
}
