import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a receiver was sent. */
export type Received = { path: string; method: string; headers: IncomingHttpHeaders; body: string };

/** How a receiver answers one request. */
export type Behaviour = (answer: ServerResponse) => void;

/** Says no more than a status. */
export const status =
  (code: number, text = "", headers: Record<string, string> = {}): Behaviour =>
  (answer) => {
    answer.writeHead(code, headers).end(text);
  };

/** What an answer tells its receiver once its request waits for what never comes. */
const keptWaiting = "kept waiting";

/** Never answers. */
export const hangs: Behaviour = (answer) => {
  answer.emit(keptWaiting);
};

/** Begins to answer, and goes on for ever a byte at a time. */
export const drips: Behaviour = (answer) => {
  answer.writeHead(500);
  let written = 0;
  const timer = setInterval(() => {
    answer.write("x");
    written += 1;
    // The first of them has arrived by now.
    if (written === 3) answer.emit(keptWaiting);
  }, 20);
  answer.once("close", () => clearInterval(timer));
};

/** Answers without end, as fast as it is read. */
export const floods =
  (code: number): Behaviour =>
  (answer) => {
    answer.writeHead(code);
    const more = (): void => {
      while (!answer.destroyed && answer.write("x".repeat(65_536)));
      answer.once("drain", more);
    };
    more();
  };

/** Ends the connection before it has answered. */
export const resets: Behaviour = (answer) => {
  answer.socket?.resetAndDestroy();
};

/** Ends the connection in the middle of its answer. */
export const closesEarly: Behaviour = (answer) => {
  answer.writeHead(500, { "content-length": "1000" });
  answer.write("no_");
  setImmediate(() => answer.socket?.destroy());
};

/** A real HTTP server on loopback that does as it is told, one behaviour a request; when none is left it says 200. */
export class TestReceiver {
  readonly received: Received[] = [];
  private readonly behaviours: Behaviour[] = [];
  private giveUp = () => {};
  private readonly server = createServer(async (request, answer) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { url: path = "", method = "", headers } = request;
    this.received.push({ path, method, headers, body: Buffer.concat(chunks).toString() });
    answer.once(keptWaiting, () => this.giveUp());
    (this.behaviours.shift() ?? status(200, "ok"))(answer);
  });

  async start(): Promise<void> {
    this.server.listen(0, "127.0.0.1");
    await once(this.server, "listening");
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  url(path = "/hook"): string {
    return `http://127.0.0.1:${this.port}${path}`;
  }

  /** What it does to the next requests, and after them to none. */
  behave(...behaviours: Behaviour[]): void {
    this.received.length = 0;
    this.behaviours.splice(0, this.behaviours.length, ...behaviours);
  }

  /**
   * A signal that is aborted when the next request that hangs or drips does so, in place of after some time: nobody knows
   * how long a busy machine takes for a request that is answered.
   */
  patience(): AbortSignal {
    const controller = new AbortController();
    this.giveUp = () => controller.abort(new DOMException("The patience is at its end.", "TimeoutError"));
    return controller.signal;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, "close");
  }
}
