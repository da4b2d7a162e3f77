import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { type ErrorKind, errorKinds } from "../shared/pipeline/error-codes.ts";
import { docsOf } from "../shared/pipeline/millrace-error.ts";

const root = path.join(import.meta.dirname, "..");
const kinds = new Map<string, ErrorKind>(Object.entries(errorKinds));
const codes = [...kinds.keys()];

/** The product's sources, by path. Tests and the table itself are not among them. */
function sources(): Map<string, string> {
  const folders = ["shared", "cli", "local", "resources", "functions", "batch-jobs/sdk"];
  const files = folders.flatMap((folder) =>
    readdirSync(path.join(root, folder), { recursive: true, encoding: "utf8" }).map((file) =>
      path.join(folder, file),
    ),
  );
  const isProduct = (file: string) =>
    /\.(ts|mjs|cjs|py)$/.test(file) &&
    !/\.test\.ts$|node_modules|\.cts$/.test(file) &&
    file !== path.join("shared", "pipeline", "error-codes.ts");
  return new Map(
    files.filter(isProduct).map((file) => [file, readFileSync(path.join(root, file), "utf8")] as const),
  );
}

const product = sources();
const all = [...product.values()].join("\n");
const page = readFileSync(path.join(root, "docs", "errors.md"), "utf8");
const entries = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((entry) => [entry.slice(0, entry.indexOf("\n")), entry] as const),
);

/** Classes that extend Error itself, and why. */
const bare: Readonly<Record<string, string>> = {
  MillraceError: "the base",
  FatalError: "authors throw it; their errors have no code",
  RetryAfter: "authors throw it; their errors have no code",
  AnsweredError: "a deployed function's error, whose code may be unknown here",
  EntryRefusedError: "has the name that SQS gives, and appears only within MessagesNotSentError",
  SetupError: "plain JavaScript that runs before anything is installed",
  ClientError: "imitates an error of AWS Batch",
  ThrottledError: "imitates an error of AWS Batch",
  ServerError: "imitates an error of AWS Batch",
};

describe("error codes", () => {
  it("have one entry each in docs/errors.md, and every entry is a code", () => {
    expect([...entries.keys()]).toEqual(codes);
  });

  it("have their name, their remedy and an example of the message in docs/errors.md", () => {
    const wrong = [...kinds].flatMap(([code, { name, remedy, fatal }]) => {
      const entry = entries.get(code) ?? "";
      const parts = [
        `**What to do:** ${remedy}\n`,
        `**Name:** \`${name}\`${fatal === true ? " (not retried)" : ""}\n`,
        `error[${code}]: `,
      ];
      return parts.filter((part) => !entry.includes(part)).map((part) => `${code}: ${part}`);
    });
    expect(wrong).toEqual([]);
  });

  it("link to their entry", () => {
    expect(docsOf("RUN_NOT_FOUND")).toBe("docs/errors.md#run_not_found");
    expect(codes.filter((code) => !/^[A-Z][A-Z0-9]*(_[A-Z0-9]+)*$/.test(code))).toEqual([]);
  });

  it("are all used by the product", () => {
    expect(codes.filter((code) => !all.includes(`"${code}"`))).toEqual([]);
  });

  it("of the Python SDK are in the table, each with its class's name", () => {
    const python = [...product].filter(([file]) => file.endsWith(".py")).map(([, text]) => text);
    const classes = python
      .join("\n")
      .matchAll(/^class (\w+)\([^)]*\):\n(?:(?!^class ).*\n)*? {4}code = "(\w+)"/gm);
    const found = [...classes].map(([, name, code = ""]) => [code, name]);
    expect(found.length).toBeGreaterThan(8);
    expect(found).toEqual(found.map(([code = ""]) => [code, kinds.get(code)?.name]));
  });

  it("of the plugins of sls are in the table", () => {
    const thrown = [...all.matchAll(/serverless\.classes\.Error\([\s\S]*?"([A-Z_]+)",?\s*\);/g)].map(
      ([, code = ""]) => code,
    );
    expect(thrown.length).toBeGreaterThan(3);
    expect(thrown.filter((code) => !kinds.has(code))).toEqual([]);
  });

  it("are in every error class: only listed classes extend Error itself", () => {
    const found = [...all.matchAll(/class (\w+) extends (?:Aggregate|Type|Range)?Error\b/g)].map(
      ([, name]) => name,
    );
    expect([...new Set(found)].sort()).toEqual(Object.keys(bare).sort());
  });
});
