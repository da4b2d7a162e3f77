import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { type Catalogue, copyService } from "../local/stack/deploy-catalogue.ts";
import { serverlessSpeed } from "../local/stack/serverless-speed.ts";

export type Resource = {
  Type: string;
  Condition?: string;
  DependsOn?: string[];
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
  Properties: Record<string, unknown>;
};
export type Template = { Resources: Record<string, Resource>; Outputs: Record<string, unknown> };
export type Statement = {
  Sid?: string;
  Effect: string;
  Action: string | string[];
  Resource: unknown;
  Condition?: unknown;
};
export type Policy = { PolicyDocument: { Statement: Statement[] } };
export type FunctionProperties = {
  FunctionName: string;
  Timeout: number;
  Role: unknown;
  Runtime: string;
  Handler: string;
  Environment: { Variables: Record<string, unknown> };
};
export type JobFunctionProperties = {
  FunctionName: string;
  PackageType?: string;
  Code: { ImageUri?: string; ZipFile?: string };
  ImageConfig?: { EntryPoint: string[]; Command: string[] };
  Environment: { Variables: Record<string, unknown> };
  MemorySize: number;
  Timeout: number;
  Role: unknown;
};
export type MappingProperties = { EventSourceArn: unknown; FunctionName: unknown };

export const root = process.cwd();
export const run = promisify(execFile);

/** A packaged stage: its CloudFormation template and the template's folder. */
export class PackagedStage {
  readonly folder: string;
  readonly templatePath: string;
  readonly template: Template;

  constructor(folder: string) {
    this.folder = folder;
    this.templatePath = join(folder, "cloudformation-template-update-stack.json");
    this.template = JSON.parse(readFileSync(this.templatePath, "utf8")) as Template;
  }

  /**
   * The resources of a type, with their logical ids. Throws if there are none, so that no check passes without
   * checking.
   */
  resources<P = Record<string, unknown>>(type: string): { id: string; properties: P }[] {
    const found = Object.entries(this.template.Resources)
      .filter(([, resource]) => resource.Type === type)
      .map(([id, resource]) => ({ id, properties: resource.Properties as P }));
    if (found.length === 0) throw new Error(`the template has no ${type}`);
    return found;
  }

  /** The engine's own functions: all but those of job families. */
  functions(): { id: string; properties: FunctionProperties }[] {
    return this.resources<FunctionProperties>("AWS::Lambda::Function").filter(
      ({ properties }) => properties.Handler?.startsWith("functions/") === true,
    );
  }

  /** The functions of job families. */
  jobFunctions(): { id: string; properties: JobFunctionProperties }[] {
    return this.resources<JobFunctionProperties>("AWS::Lambda::Function").filter(({ id }) =>
      id.endsWith("JobFunction"),
    );
  }

  resource(id: string): Resource {
    const found = this.template.Resources[id];
    if (found === undefined) throw new Error(`the template has no resource ${id}`);
    return found;
  }

  /** Unpacks a function's archive as Lambda would. @returns the folder */
  async unpack(name: string): Promise<string> {
    const target = join(this.folder, "unpacked", name);
    const python = join(root, ".venv/bin/python");
    await run(python, ["-m", "zipfile", "-e", join(this.folder, `${name}.zip`), target]);
    return target;
  }

  remove(): void {
    rmSync(join(this.folder, ".."), { recursive: true, force: true });
  }
}

/** A folder that links to the sources. */
function linkService(service: string): void {
  for (const name of readdirSync(root).filter((name) => !name.startsWith(".") && name !== "serverless.yml")) {
    symlinkSync(join(root, name), join(service, name));
  }
  // The configuration itself must be a copy, because sls doesn't follow a link to it.
  copyFileSync(join(root, "serverless.yml"), join(service, "serverless.yml"));
}

/**
 * Packages as in an offline build: without credentials, and with a proxy that refuses everything. Works in a separate
 * folder, because sls uses `.serverless/` beside its configuration, and a deployment may be using that.
 *
 * @param catalogue replaces the product's pipelines
 */
export async function packageStage(stage: string, catalogue?: Catalogue): Promise<PackagedStage> {
  const service = mkdtempSync(join(tmpdir(), `millrace-${stage}-`));
  if (catalogue === undefined) linkService(service);
  else copyService(service, catalogue);
  const nowhere = "http://127.0.0.1:9";
  await run("sls", ["package", "--stage", stage], {
    cwd: service,
    env: {
      PATH: [join(root, "node_modules/.bin"), process.env.PATH].join(delimiter),
      HOME: service,
      TMPDIR: service,
      AWS_ENDPOINT_URL: nowhere,
      HTTPS_PROXY: nowhere,
      HTTP_PROXY: nowhere,
      AWS_EC2_METADATA_DISABLED: "true",
      ...serverlessSpeed,
    },
  });
  return new PackagedStage(join(service, ".serverless"));
}

/** The logical id that `!GetAtt id.Arn` or `!Ref id` names. */
export function referredId(value: unknown): string {
  const reference = value as { "Fn::GetAtt"?: [string, string]; Ref?: string };
  const id = reference["Fn::GetAtt"]?.[0] ?? reference.Ref;
  if (id === undefined) throw new Error(`${JSON.stringify(value)} refers to nothing`);
  return id;
}

/** What a role or policy allows: an action on a resource, for a role. */
export type Permission = { role: string; action: string; resource: unknown };

/** Everything that any role may do, by its own policies and by attached ones. */
export function permissions(stage: PackagedStage): Permission[] {
  const own = stage
    .resources<{ Policies?: Policy[] }>("AWS::IAM::Role")
    .flatMap(({ id, properties }) => (properties.Policies ?? []).map((policy) => ({ role: id, policy })));
  const attached = stage
    .resources<Policy & { Roles?: unknown[] }>("AWS::IAM::ManagedPolicy")
    .flatMap(({ properties }) =>
      (properties.Roles ?? []).map((role) => ({ role: referredId(role), policy: properties })),
    );
  return [...own, ...attached].flatMap(({ role, policy }) =>
    policy.PolicyDocument.Statement.filter(({ Effect }) => Effect === "Allow").flatMap((statement) =>
      listed(statement.Action).flatMap((action) =>
        listed(statement.Resource).map((resource) => ({ role, action: String(action), resource })),
      ),
    ),
  );
}

function listed(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [value];
}
