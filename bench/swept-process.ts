/**
 * Sweeps a run in this process, which was started for it, or lists all of its records with their results. Prints megabytes of memory before and at most, and how many hints were sent.
 */
import { dynamoRunStore } from "../shared/adapters/aws/dynamo-run-store.ts";
import { dynamoClient } from "../shared/adapters/aws/dynamo-table.ts";
import { MemoryEngine } from "../shared/testing/memory-engine.ts";
import { sweepRun } from "../shared/worker/sweep-run.ts";
import { sweptPipeline } from "./swept-pipeline.ts";

const [endpoint = "", runId = "", act = ""] = process.argv.slice(2);
const credentials = { accessKeyId: "test", secretAccessKey: "test" };
const client = dynamoClient({ endpoint, region: "us-east-1", credentials });
const memory = new MemoryEngine([sweptPipeline], {}, Date.now());
const store = dynamoRunStore({ client, name: "runs" });
// The clients and the modules are loaded by now, and a connection is open.
await store.getRun(runId);

const megabyte = 1_000_000;
const before = process.memoryUsage.rss() / megabyte;
if (act === "sweep") await sweepRun({ ...memory.engine, store }, runId);
else await store.listSteps(runId);
const most = (process.resourceUsage().maxRSS * 1024) / megabyte;
console.log(JSON.stringify({ before, most, hints: memory.queue.receive().length }));
client.destroy();
