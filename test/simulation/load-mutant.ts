/**
 * Loaded before a program (`--import`), it puts a mistake into the engine that the program loads: the environment names
 * the file, and has the text that stands in its place.
 */
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";
import { mutantVariables } from "./mutants.ts";

const { [mutantVariables.file]: file = "", [mutantVariables.source]: source = "" } = process.env;
const mutantUrl = pathToFileURL(file).href;

registerHooks({
  load: (url, context, next) =>
    url === mutantUrl ? { format: "module-typescript", source, shortCircuit: true } : next(url, context),
});
