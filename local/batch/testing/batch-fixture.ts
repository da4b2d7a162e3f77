import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  BatchClient,
  CreateComputeEnvironmentCommand,
  CreateJobQueueCommand,
  DescribeJobsCommand,
  type JobDetail,
  RegisterJobDefinitionCommand,
  SubmitJobCommand,
  type SubmitJobCommandInput,
} from "@aws-sdk/client-batch";
import { CACHE, NODE_BIN, REPOSITORY, VENV } from "../../stack/paths.ts";
import { freePort } from "../../stack/ports.ts";
import { endOrphanedAttempts } from "../orphans.ts";
import { EventSink } from "./event-sink.ts";
import { until } from "./until.ts";

/** A server process with its own state, an unmodified SDK client for it, and a sink for its events. */
export class BatchFixture {
  readonly stateDir = mkdtempSync(path.join(tmpdir(), "millrace-batch-"));
  readonly sink: EventSink;
  readonly port: number;
  private server: ChildProcess | undefined;
  readonly client: BatchClient;

  private constructor(sink: EventSink, port: number) {
    this.sink = sink;
    this.port = port;
    this.client = new BatchClient({
      endpoint: this.endpoint,
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
      maxAttempts: 1,
    });
  }

  /** Starts a server with a queue `cpu` over `vcpus` vCPUs and a job definition `shell`. */
  static async start(vcpus = 4): Promise<BatchFixture> {
    const fixture = new BatchFixture(await EventSink.start(), await freePort());
    await fixture.startServer();
    await fixture.client.send(
      new CreateComputeEnvironmentCommand({
        computeEnvironmentName: "local",
        type: "MANAGED",
        computeResources: { type: "EC2", maxvCpus: vcpus, subnets: [] },
      }),
    );
    await fixture.client.send(
      new CreateJobQueueCommand({
        jobQueueName: "cpu",
        priority: 1,
        computeEnvironmentOrder: [{ order: 1, computeEnvironment: "local" }],
      }),
    );
    await fixture.client.send(
      new RegisterJobDefinitionCommand({
        jobDefinitionName: "shell",
        type: "container",
        containerProperties: {
          image: "none",
          command: ["true"],
          environment: [{ name: "FROM_DEFINITION", value: "yes" }],
          resourceRequirements: [{ type: "VCPU", value: "1" }],
        },
      }),
    );
    return fixture;
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async startServer(): Promise<void> {
    const flags = ["MODULE_TYPELESS_PACKAGE_JSON", "ExperimentalWarning"].map(
      (name) => `--disable-warning=${name}`,
    );
    this.server = spawn(
      path.join(NODE_BIN, "node"),
      [
        ...flags,
        path.join(REPOSITORY, "local", "batch", "main.ts"),
        ...["--state", this.stateDir, "--port", String(this.port), "--aws", this.sink.endpoint],
        ...["--jobs", REPOSITORY, "--venv", VENV, "--grace", "300", "--tied"],
      ],
      {
        stdio: ["pipe", "ignore", "inherit"],
        env: { PATH: process.env.PATH ?? "", NODE_COMPILE_CACHE: path.join(CACHE, "compile") },
      },
    );
    await until("the server answers", async () => {
      const response = await fetch(`${this.endpoint}/_local/health`).catch(() => undefined);
      return response?.ok;
    });
  }

  /** Ends the server with a signal and waits for its end. After SIGKILL, its jobs' processes go on. */
  async endServer(signal: NodeJS.Signals): Promise<void> {
    const { server } = this;
    if (server === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise((resolve) => server.once("exit", resolve));
    server.kill(signal);
    await ended;
  }

  /** Submits a shell script; returns the job's id. */
  async submit(script: string, input: Partial<SubmitJobCommandInput> = {}): Promise<string> {
    const { jobId } = await this.client.send(
      new SubmitJobCommand({
        jobName: "job",
        jobQueue: "cpu",
        jobDefinition: "shell",
        ...input,
        containerOverrides: { command: ["sh", "-c", script], ...input.containerOverrides },
      }),
    );
    if (jobId === undefined) throw new Error("no job id");
    return jobId;
  }

  async job(jobId: string): Promise<JobDetail> {
    const { jobs } = await this.client.send(new DescribeJobsCommand({ jobs: [jobId] }));
    const job = jobs?.[0];
    if (job === undefined) throw new Error(`no job ${jobId}`);
    return job;
  }

  /** Waits until a job has one of these statuses. */
  reached(jobId: string, ...statuses: string[]): Promise<JobDetail> {
    return until(`${jobId} is ${statuses.join(" or ")}`, async () => {
      const job = await this.job(jobId);
      return statuses.includes(String(job.status)) ? job : undefined;
    });
  }

  /** Waits until a job has ended. */
  ended(jobId: string): Promise<JobDetail> {
    return this.reached(jobId, "SUCCEEDED", "FAILED");
  }

  /** The output of the job's last attempt, or of the given one. */
  async log({ container, attempts }: JobDetail, attempt?: number): Promise<string> {
    const { logStreamName = "" } =
      (attempt === undefined ? container : attempts?.[attempt - 1]?.container) ?? {};
    const stream = encodeURIComponent(logStreamName);
    return (await fetch(`${this.endpoint}/_local/logs?stream=${stream}`)).text();
  }

  async stop(): Promise<void> {
    await this.endServer("SIGKILL");
    await endOrphanedAttempts(this.stateDir);
    this.sink.stop();
    this.client.destroy();
    rmSync(this.stateDir, { recursive: true, force: true });
  }
}
