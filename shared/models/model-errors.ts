import { FatalError } from "../pipeline/step-errors.ts";

/** The model doesn't exist, or the version or alias of it doesn't. */
export class ModelNotFoundError extends FatalError {
  override readonly name = "ModelNotFoundError";
  constructor(model: string, version?: number | string) {
    const what = typeof version === "number" ? `version ${version}` : `alias "${version}"`;
    super(
      version === undefined
        ? `there is no model "${model}"; \`npx millrace models\` lists them`
        : `model "${model}" has no ${what}; \`npx millrace models ${model}\` lists what it has`,
    );
  }
}

/** An alias can't be moved as requested; nothing was moved. */
export class ModelAliasError extends FatalError {
  override readonly name = "ModelAliasError";
}
