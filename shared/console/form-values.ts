/** Fields of changes that hold lists. People separate the entries with spaces or commas. */
const lists: ReadonlySet<string> = new Set(["add", "remove", "tags"]);

/** Fields of changes that hold whole numbers. What is no number is left as it is: the request's schema refuses it. */
const numbers: ReadonlySet<string> = new Set(["slots"]);

function fieldValue(name: string, text: string): unknown {
  if (numbers.has(name) && /^\d{1,9}$/.test(text)) return Number(text);
  return lists.has(name) ? text.split(/[\s,]+/).filter((part) => part !== "") : text;
}

/** What people typed into a form's fields, completed to a request. An empty field isn't part of it. */
export function withFields(request: object, fields: Readonly<Record<string, string>>): object {
  const given = Object.entries(fields).filter(([, text]) => text.trim() !== "");
  return {
    ...request,
    ...Object.fromEntries(given.map(([name, text]) => [name, fieldValue(name, text.trim())])),
  };
}
