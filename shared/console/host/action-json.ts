import { raw } from "hono/html";
import type { Html } from "../html.ts";

/**
 * JSON for a `<cwdb-action>`. AWS doesn't say whether it reads the element's text or its HTML, so the JSON has no
 * character that differs between the two, and nothing but ASCII.
 */
export function actionJson(value: object): Html {
  const ascii = JSON.stringify(value).replace(
    /[<>&\u007f-\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
  return raw(ascii);
}
