/** The limits of CloudFormation and the services behind it for one stack. */
const limits = {
  /** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html */
  resources: 500,
  templateBytes: 1_000_000,
  /** https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html: names and values of one function. */
  environmentBytes: 4096,
  /** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html: inline policies of one role. */
  policyCharacters: 10_240,
};

/** The share of a limit from which packaging warns. */
const warnedFrom = 0.8;

type Resource = { readonly Type: string; readonly Properties?: Readonly<Record<string, unknown>> };
type Template = { readonly Resources: Readonly<Record<string, Resource>> };

/** How much of a limit a template uses, its largest users first, and how to use less. */
type Use = {
  readonly what: string;
  readonly used: number;
  readonly limit: number;
  readonly users: readonly string[];
  readonly remedy: string;
};

/** What packaging reports about a template's size. */
export type TemplateReport = {
  /** One line about the template as a whole. */
  readonly summary: string;
  readonly warnings: readonly string[];
  readonly errors: readonly string[];
};

/** Maximum number of users to name. */
const maxNamed = 5;

const withFewerFamilies =
  "put job families that nobody uses out of batch-jobs/, let families share an image and a contract, or deploy some pipelines and their families as a service of their own";

/** Lengths of the values that CloudFormation fills in. */
const placeholderValues: Readonly<Record<string, string>> = {
  "AWS::Partition": "aws",
  "AWS::Region": "ap-southeast-2",
  "AWS::AccountId": "123456789012",
  "AWS::URLSuffix": "amazonaws.com",
};

/** A typical length of a resource's ARN or URL: the real values are not known yet. */
const reference = "x".repeat(80);

/** A value as text, about as long as the text that CloudFormation will make of it. */
function textOf(value: unknown): string {
  const filled = JSON.stringify(value, (_, part: unknown) => {
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    const [[name, argument] = ["", undefined], ...others] = Object.entries(part);
    if (others.length > 0) return part;
    if (name === "Fn::If" && Array.isArray(argument)) return argument[1];
    if (name === "Fn::Sub" && typeof argument === "string")
      return argument.replace(/\$\{([^}]+)\}/g, (_all, key: string) => placeholderValues[key] ?? reference);
    return name === "Ref" || name.startsWith("Fn::") ? reference : part;
  });
  return typeof value === "string" ? value : filled;
}

const largestFirst = (sizes: Iterable<readonly [string, number]>) =>
  [...sizes]
    .sort(([, a], [, b]) => b - a)
    .slice(0, maxNamed)
    .map(([name, size]) => `${size.toLocaleString("en-US")} ${name}`);

function resourcesUsed({ Resources }: Template): Use {
  const all = Object.values(Resources);
  const types = Map.groupBy(all, ({ Type }) => Type);
  return {
    what: "resources of the stack",
    used: all.length,
    limit: limits.resources,
    users: largestFirst([...types].map(([type, found]) => [type, found.length])),
    remedy: withFewerFamilies,
  };
}

function bytesUsed(template: Template): Use {
  const types = new Map<string, number>();
  for (const resource of Object.values(template.Resources)) {
    const bytes = Buffer.byteLength(JSON.stringify(resource));
    types.set(resource.Type, (types.get(resource.Type) ?? 0) + bytes);
  }
  return {
    what: "bytes of the template",
    used: Buffer.byteLength(JSON.stringify(template)),
    limit: limits.templateBytes,
    users: largestFirst(types),
    remedy: withFewerFamilies,
  };
}

function environmentUsed([id, { Type, Properties }]: [string, Resource]): Use[] {
  if (Type !== "AWS::Lambda::Function") return [];
  const { Variables = {} } = (Properties?.Environment ?? {}) as { Variables?: Record<string, unknown> };
  const sizes = Object.entries(Variables).map(
    ([name, value]) => [name, Buffer.byteLength(name + textOf(value))] as const,
  );
  return [
    {
      what: `bytes of the environment of ${id}, about`,
      used: sizes.reduce((sum, [, size]) => sum + size, 0),
      limit: limits.environmentBytes,
      users: largestFirst(sizes),
      remedy: `JOB_VERSIONS grows with each job family: ${withFewerFamilies}`,
    },
  ];
}

function policiesUsed([id, { Type, Properties }]: [string, Resource]): Use[] {
  if (Type !== "AWS::IAM::Role") return [];
  const policies = (Properties?.Policies ?? []) as { PolicyName: string; PolicyDocument: unknown }[];
  const sizes = policies.map(
    ({ PolicyName, PolicyDocument }) => [PolicyName, textOf(PolicyDocument).length] as const,
  );
  return [
    {
      what: `characters of the policies of ${id}, about`,
      used: sizes.reduce((sum, [, size]) => sum + size, 0),
      limit: limits.policyCharacters,
      users: largestFirst(sizes),
      remedy: `name fewer secrets and lakes in the family's access.json; BatchExecutionRole grows with each job family: ${withFewerFamilies}`,
    },
  ];
}

function lineOf({ what, used, limit, users, remedy }: Use): string {
  const share = Math.round((used / limit) * 100);
  const figures = `${used.toLocaleString("en-US")} of ${limit.toLocaleString("en-US")}`;
  return `${what}: ${figures} (${share} %). Most are of ${users.join(", ")}. To use less, ${remedy}`;
}

/** How much of AWS's limits a template uses: a warning from 80 %, an error from 100 %. */
export function templateReport(template: Template): TemplateReport {
  const resources = resourcesUsed(template);
  const bytes = bytesUsed(template);
  const each = Object.entries(template.Resources);
  const uses = [resources, bytes, ...each.flatMap(environmentUsed), ...each.flatMap(policiesUsed)];
  const kilobytes = (count: number) => Math.round(count / 1000).toLocaleString("en-US");
  return {
    summary: `Template: ${resources.used} of ${resources.limit} resources, ${kilobytes(bytes.used)} of ${kilobytes(bytes.limit)} KB`,
    warnings: uses.filter(({ used, limit }) => used > limit * warnedFrom && used <= limit).map(lineOf),
    errors: uses.filter(({ used, limit }) => used > limit).map(lineOf),
  };
}
