import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { build } from "esbuild";
import { execa } from "execa";
import plugins from "./left-out.cjs";

const folder = mkdtempSync(path.join(tmpdir(), "millrace-left-out-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Traces a call in the same way as the functions. */
const source = `
  import { Tracer } from "@aws-lambda-powertools/tracer";
  import { S3Client, HeadObjectCommand } from "@aws-sdk/client-s3";
  const credentials = { accessKeyId: "a", secretAccessKey: "b" };
  const options = { endpoint: process.env.S3, region: "eu-west-1", credentials, forcePathStyle: true };
  const client = new Tracer({ serviceName: "millrace" }).captureAWSv3Client(new S3Client(options));
  client.send(new HeadObjectCommand({ Bucket: "data", Key: "raw/a" }));
`;

test("a bundle without the left-out modules traces a call of S3 with its bucket and key", async () => {
  const outfile = path.join(folder, "traced.js");
  const { metafile } = await build({
    stdin: { contents: source, resolveDir: path.join(__dirname, "..") },
    ...{ bundle: true, platform: "node", format: "cjs", outfile, plugins, metafile: true, logLevel: "error" },
    external: ["@aws-sdk/*", "@smithy/*"],
    alias: { "cls-hooked/context": path.join(__dirname, "trace-context.cjs") },
  });
  expect(Object.keys(metafile.inputs).filter((name) => name.includes("sampling"))).toEqual([]);
  expect(readFileSync(outfile, "utf8").includes("getBucketLifecycle")).toBe(false);

  const daemon = createSocket("udp4").bind(0, "127.0.0.1");
  const s3 = createServer((_request, response) => response.end()).listen(0, "127.0.0.1");
  try {
    await Promise.all([once(daemon, "listening"), once(s3, "listening")]);
    const received = once(daemon, "message") as Promise<[Buffer]>;
    await execa(process.execPath, [outfile], {
      extendEnv: false,
      env: {
        NODE_PATH: path.join(__dirname, "..", "node_modules"),
        LAMBDA_TASK_ROOT: folder,
        AWS_EXECUTION_ENV: "AWS_Lambda_nodejs24.x",
        _X_AMZN_TRACE_ID: "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=557abcec3ee5a047;Sampled=1",
        AWS_XRAY_DAEMON_ADDRESS: `127.0.0.1:${daemon.address().port}`,
        S3: `http://127.0.0.1:${(s3.address() as AddressInfo).port}`,
      },
    });
    const [message] = await received;
    const [, segment = ""] = message.toString().split("\n");
    expect(JSON.parse(segment)).toMatchObject({
      ...{ name: "S3", namespace: "aws", trace_id: "1-5759e988-bd862e3fe1be46a994272793" },
      aws: { operation: "HeadObject", key: "raw/a", bucket_name: "data" },
    });
  } finally {
    daemon.close();
    s3.close();
  }
});

test("a bundle's schemas parse values, and refuse to make a JSON Schema", async () => {
  const outfile = path.join(folder, "schema.js");
  const { metafile } = await build({
    stdin: {
      contents: `
        import * as z from "zod";
        const schema = z.strictObject({ name: z.string().min(1), at: z.iso.datetime(), sizes: z.array(z.int()) });
        const read = schema.safeParse({ name: "", at: "2021-10-04T16:21:00Z", sizes: [1] });
        let refused = "";
        try { schema.toJSONSchema(); } catch (error) { refused = error.message; }
        console.log(JSON.stringify({ where: read.error.issues.map((issue) => issue.path.join(".")), refused }));
      `,
      resolveDir: path.join(__dirname, ".."),
    },
    ...{ bundle: true, platform: "node", format: "cjs", outfile, plugins, metafile: true, logLevel: "error" },
  });
  const { stdout } = await execa(process.execPath, [outfile]);
  expect(JSON.parse(stdout)).toEqual({
    where: ["name"],
    refused: "JSON Schemas are made by scripts alone: resources/left-out.cjs",
  });
  const [output] = Object.values(metafile.outputs);
  expect(
    output?.inputs["node_modules/zod/v4/core/json-schema-processors.js"]?.bytesInOutput ?? 0,
  ).toBeLessThan(1000);
});
