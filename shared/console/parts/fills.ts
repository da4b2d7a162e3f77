import type { Colour } from "../../wording/state-looks.ts";

/** The class that fills a shape with a colour. A table, so that no text of others becomes a class. */
export const fills: Readonly<Record<Colour, string>> = {
  green: "mr-fill-green",
  red: "mr-fill-red",
  cyan: "mr-fill-cyan",
  yellow: "mr-fill-yellow",
  magenta: "mr-fill-magenta",
  gray: "mr-fill-gray",
};
