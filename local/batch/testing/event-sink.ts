import { createServer, type Server } from "node:http";

/** The part of a Batch job state change that tests look at. */
export type JobEvent = {
  jobId: string;
  jobName: string;
  status: string;
  attempts: unknown[];
  statusReason?: string;
};

/** Replaces the local stack's EventBridge: accepts events, or refuses them while `accepting` is false. */
export class EventSink {
  readonly events: JobEvent[] = [];
  accepting = true;
  private readonly server: Server;

  private constructor() {
    this.server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        if (!this.accepting) {
          response.writeHead(503).end();
          return;
        }
        const { Entries } = JSON.parse(body) as {
          Entries: { Source: string; DetailType: string; Detail: string }[];
        };
        for (const entry of Entries) {
          if (entry.Source === "aws.batch" && entry.DetailType === "Batch Job State Change") {
            this.events.push(JSON.parse(entry.Detail) as JobEvent);
          }
        }
        response.end(JSON.stringify({ FailedEntryCount: 0, Entries: Entries.map(() => ({ EventId: "1" })) }));
      });
    });
  }

  static async start(): Promise<EventSink> {
    const sink = new EventSink();
    await new Promise<void>((resolve) => sink.server.listen(0, "127.0.0.1", resolve));
    return sink;
  }

  get endpoint(): string {
    const address = this.server.address();
    return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}`;
  }

  /** The reported statuses of a job, in the order of arrival. */
  statuses(jobId: string): string[] {
    return this.events.filter((event) => event.jobId === jobId).map((event) => event.status);
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}
