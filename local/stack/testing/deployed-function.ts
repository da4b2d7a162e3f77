import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { VENV } from "../paths.ts";
import type { Stack } from "../stack.ts";

async function post(stack: Stack, at: string, body: unknown): Promise<void> {
  const response = await fetch(new URL(at, stack.awsEndpoint), {
    method: "POST",
    body: JSON.stringify(body),
  });
  if (!response.ok) throw new Error(`${at}: ${await response.text()}`);
}

/** Creates a Lambda function from JavaScript source, and lets a queue invoke it if one is given. */
export async function createFunction(
  stack: Stack,
  name: string,
  source: string,
  queueArn?: string,
): Promise<void> {
  const file = path.join(stack.stateDir, `${name}.js`);
  const archive = path.join(stack.stateDir, `${name}.zip`);
  writeFileSync(file, source);
  const zip = "import sys, zipfile; zipfile.ZipFile(sys.argv[1], 'w').write(sys.argv[2], 'index.js')";
  execFileSync(path.join(VENV, "bin", "python"), ["-c", zip, archive, file]);
  await post(stack, "/2015-03-31/functions", {
    FunctionName: name,
    Runtime: "nodejs24.x",
    Role: `arn:aws:iam::${stack.accountId}:role/any`,
    Handler: "index.handler",
    Timeout: 60,
    Code: { ZipFile: readFileSync(archive).toString("base64") },
  });
  if (queueArn === undefined) return;
  await post(stack, "/2015-03-31/event-source-mappings", {
    FunctionName: name,
    EventSourceArn: queueArn,
    BatchSize: 1,
  });
}

/** Creates an EventBridge rule whose matches go to a queue. */
export async function createRule(
  stack: Stack,
  name: string,
  pattern: unknown,
  queueArn: string,
): Promise<void> {
  const call = async (operation: string, body: unknown) => {
    const response = await fetch(stack.awsEndpoint, {
      method: "POST",
      headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": `AWSEvents.${operation}` },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${operation}: ${await response.text()}`);
  };
  await call("PutRule", { Name: name, EventPattern: JSON.stringify(pattern) });
  await call("PutTargets", { Rule: name, Targets: [{ Id: "queue", Arn: queueArn }] });
}
