import type { Socket } from "node:net";
import { serve } from "@hono/node-server";
import { batchApi } from "./api.ts";
import { readConfiguration } from "./configuration.ts";
import { BatchService } from "./service.ts";

/**
 * Milliseconds that jobs get between SIGTERM and SIGKILL when the server itself is stopped. Nobody would wait half a
 * minute for that.
 */
const CLOSING_GRACE_MS = 1000;

const config = readConfiguration(process.argv.slice(2));
const service = new BatchService(config);
if (config.provision) service.provision();
const api = batchApi(service, (context) => {
  (context.env as { incoming: { socket: Socket } }).incoming.socket.destroy();
});
const server = serve({ fetch: api.fetch, hostname: "127.0.0.1", port: config.port }, (address) => {
  service.resume();
  console.log(JSON.stringify({ message: "local Batch listens", port: address.port }));
});

let closing = false;
async function close(): Promise<void> {
  if (closing) return;
  closing = true;
  server.close();
  await service.close(CLOSING_GRACE_MS);
  process.exit(0);
}
if (config.tied) {
  process.stdin.once("close", () => void close());
  process.stdin.resume();
}
process.on("SIGTERM", () => void close());
process.on("SIGINT", () => void close());
