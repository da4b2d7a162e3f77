import { errorOf, MillraceError } from "../pipeline/millrace-error.ts";

/** The model doesn't exist, or the version or alias of it doesn't. */
export class ModelNotFoundError extends MillraceError {
  constructor(model: string, version?: number | string) {
    const what = typeof version === "number" ? `version ${version}` : `alias "${version}"`;
    if (version === undefined) super("MODEL_NOT_FOUND", `there is no model "${model}"`);
    else {
      const remedy = `Use what the model has: \`npx millrace models ${model}\` lists it.`;
      super("MODEL_NOT_FOUND", `model "${model}" has no ${what}`, { remedy });
    }
  }
}

/** An alias can't be moved as requested; nothing was moved. */
export class ModelAliasError extends errorOf("MODEL_ALIAS") {}
