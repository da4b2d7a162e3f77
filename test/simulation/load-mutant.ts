/**
 * Loaded before a program (`--import`), this puts a mistake into the engine that the program loads. Environment
 * variables name the file, and hold the text that replaces its content.
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
