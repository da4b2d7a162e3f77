/**
 * Writes the reference of what a pipeline and its test may import into `docs/reference/`, from types and docstrings. With
 * `--check` it writes nothing and fails if a committed page is out of date.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { registerHooks } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TypeDocOptions } from "typedoc";

const root = join(import.meta.dirname, "..");
const committed = join(import.meta.dirname, "reference");

// TypeDoc needs the compiler's JavaScript API. TypeScript 7 has none, so TypeDoc gets the last version that does.
registerHooks({
  resolve: (specifier, context, next) =>
    next(specifier === "typescript" ? "typescript-api" : specifier, context),
});
const { Application } = await import("typedoc");

/** Every page in a folder, by its path in there. */
function pagesIn(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: "utf8" });
  return new Map(
    names
      .filter((name) => name.endsWith(".md"))
      .map((name) => [name, readFileSync(join(folder, name), "utf8")]),
  );
}

/** Writes the pages into a folder, which it empties first. */
async function generate(folder: string): Promise<void> {
  const options: TypeDocOptions & Record<string, unknown> = {
    plugin: ["typedoc-plugin-markdown", "typedoc-plugin-missing-exports"],
    entryPoints: [join(root, "shared/pipeline/index.ts"), join(root, "shared/testing/test-pipeline.ts")],
    tsconfig: join(root, "tsconfig.json"),
    name: "Reference",
    readme: "none",
    out: folder,
    router: "module",
    disableSources: true,
    // Tests shouldn't depend on the engine's own records.
    exclude: [join(root, "shared/state/**"), join(root, "shared/store/**")],
    excludeExternals: true,
    skipErrorChecking: true,
    hidePageHeader: true,
    hideBreadcrumbs: true,
    useCodeBlocks: true,
    parametersFormat: "table",
    typeAliasPropertiesFormat: "table",
    classPropertiesFormat: "table",
    interfacePropertiesFormat: "table",
    propertyMembersFormat: "table",
    typeDeclarationFormat: "table",
    sort: ["alphabetical"],
    validation: { notExported: false, invalidLink: true, notDocumented: false },
    internalModule: "more types",
    logLevel: "Error",
  };
  const application = await Application.bootstrapWithPlugins(options);
  const project = await application.convert();
  if (project === undefined) throw new Error("the types of the definition API could not be read");
  await application.generateOutputs(project);
}

if (process.argv.includes("--check")) {
  const folder = mkdtempSync(join(tmpdir(), "millrace-reference-"));
  try {
    await generate(folder);
    const made = pagesIn(folder);
    const stale = [...new Set([...made.keys(), ...pagesIn(committed).keys()])].filter(
      (page) => made.get(page) !== pagesIn(committed).get(page),
    );
    if (stale.length > 0) {
      console.error(`Out of date; run npm run reference and commit: ${stale.join(", ")}`);
      process.exitCode = 1;
    } else console.log("The reference is up to date.");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
} else await generate(committed);
