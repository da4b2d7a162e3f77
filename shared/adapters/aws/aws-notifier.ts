import type { SNSClient, SNSClientConfig } from "@aws-sdk/client-sns";
import * as z from "zod";
import type { NoticeTarget } from "../../pipeline/graph.ts";
import { addressProblem } from "../../pipeline/notice.ts";
import type { Clock } from "../../ports/clock.ts";
import { type Delivery, NoticeFailedError, NoticeRefusedError, type Notifier } from "../../ports/notifier.ts";
import { AwsSecrets } from "./aws-secrets.ts";
import { emailMessage } from "./email-message.ts";
import { AnswerRefusedError, postJson, type Receiver } from "./post-json.ts";
import { slackMessage } from "./slack-message.ts";

/** What the notifier needs to know about a stage. */
export type NoticeSettings = {
  /** Path of the stage's parameters, such as `/millrace/prod`. */
  readonly parameters: string;
  /** The topic that people subscribe to by e-mail; empty if there is none. */
  readonly topicArn: string;
  /** Whether receivers on this machine may be posted to without TLS. The local stack allows it. */
  readonly isLocal: boolean;
  /** Milliseconds that a receiver has to answer. */
  readonly patience: number;
};

/** How the clients of AWS services are made. */
export type ClientOptions = {
  readonly config?: Pick<SNSClientConfig, "endpoint" | "region" | "credentials">;
  /** Enables tracing of a client's calls. */
  readonly capture?: <C>(client: C) => C;
};

type TargetKind = NoticeTarget["kind"];
type Target<K extends TargetKind> = Extract<NoticeTarget, { kind: K }>;
type Send<K extends TargetKind> = (to: Target<K>, delivery: Delivery, signal: AbortSignal) => Promise<void>;

/** A webhook's address and the headers to send with it: the form of a parameter that holds more than an address. */
const address = z.strictObject({
  url: z.string(),
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string().regex(/^[\x20-\x7e]*$/)).default({}),
});

/** Statuses that mean that the receiver no longer knows the address: it may have been replaced. */
const outdated: ReadonlySet<number> = new Set([401, 403, 404, 410]);

function parsedAddress(name: string, text: string): z.output<typeof address> {
  const trimmed = text.trim();
  if (!trimmed.startsWith("{")) return { url: trimmed, headers: {} };
  try {
    return address.parse(JSON.parse(trimmed));
  } catch {
    throw new NoticeRefusedError(
      `parameter ${name} is neither an address nor JSON of the form { "url", "headers" }`,
    );
  }
}

/** Makes something when it is first needed. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/**
 * Sends notices: to Slack and webhooks over HTTPS, by e-mail through SNS. Notices are rare, so the AWS clients are
 * loaded with the first one: they would slow down every cold start.
 */
export class AwsNotifier implements Notifier {
  private readonly settings: NoticeSettings;
  private readonly clock: Clock;
  private readonly secrets: AwsSecrets;
  private readonly sns: () => Promise<SNSClient>;

  constructor(
    settings: NoticeSettings,
    clock: Clock,
    { config = {}, capture = (client) => client }: ClientOptions = {},
  ) {
    this.settings = settings;
    this.clock = clock;
    const ssm = once(async () => {
      const { SSMClient } = await import("@aws-sdk/client-ssm");
      return capture(new SSMClient(config));
    });
    this.secrets = new AwsSecrets(ssm, clock);
    this.sns = once(async () => {
      const { SNSClient: Client } = await import("@aws-sdk/client-sns");
      return capture(new Client(config));
    });
  }

  async send(delivery: Delivery, until: AbortSignal): Promise<void> {
    const signal = AbortSignal.any([until, AbortSignal.timeout(this.settings.patience)]);
    try {
      await this.sendTo(delivery.to, delivery, signal);
    } catch (error) {
      // The SDK's own abort error doesn't say what was being waited for.
      if (!signal.aborted || error instanceof NoticeFailedError) throw error;
      throw new NoticeFailedError("AWS did not answer in time");
    }
  }

  /** How to send a notice to each kind of target. */
  private readonly senders: { readonly [K in TargetKind]: Send<K> } = {
    email: (_to, delivery, signal) => this.publish(delivery, signal),
    slack: ({ at }, delivery, signal) =>
      this.postBySecret(at.secret, slackMessage(delivery.notice), delivery, signal),
    webhook: ({ at }, delivery, signal) => {
      if ("secret" in at) return this.postBySecret(at.secret, delivery.notice, delivery, signal);
      const name = `the webhook at ${URL.parse(at.url)?.host ?? "no host"}`;
      return this.post({ name, url: at.url, headers: {} }, delivery.notice, delivery, signal);
    },
  };

  private sendTo<K extends TargetKind>(to: { kind: K } & Target<K>, delivery: Delivery, signal: AbortSignal) {
    const send: Send<K> = this.senders[to.kind];
    return send(to, delivery, signal);
  }

  /** Posts to the address in a parameter, and tries once more if the remembered address is out of date. */
  private async postBySecret(secret: string, value: unknown, delivery: Delivery, signal: AbortSignal) {
    const name = `${this.settings.parameters}/${secret}`;
    const text = await this.secrets.read(name, signal);
    const post = (at: string) =>
      this.post({ name: `the receiver of ${name}`, ...parsedAddress(name, at) }, value, delivery, signal);
    try {
      await post(text);
    } catch (error) {
      if (!(error instanceof AnswerRefusedError && outdated.has(error.status))) throw error;
      const now = await this.secrets.read(name, signal, text);
      if (now === text) throw error;
      await post(now);
    }
  }

  private async post(receiver: Receiver, value: unknown, { key }: Delivery, signal: AbortSignal) {
    const { name, url, headers } = receiver;
    const problem = addressProblem(url);
    if (problem !== undefined) throw new NoticeRefusedError(`the address of ${name} ${problem}`);
    if (new URL(url).protocol === "http:" && !this.settings.isLocal) {
      throw new NoticeRefusedError(`the address of ${name} is not https://`);
    }
    const all = { ...headers, "idempotency-key": key };
    await postJson({ name, url, headers: all }, value, signal, this.clock.now());
  }

  private async publish({ notice }: Delivery, signal: AbortSignal): Promise<void> {
    const { topicArn } = this.settings;
    const { InvalidParameterException, NotFoundException, PublishCommand } = await import(
      "@aws-sdk/client-sns"
    );
    const client = await this.sns();
    const { subject, body } = emailMessage(notice);
    const attribute = (value: string) => ({ DataType: "String", StringValue: value });
    // Subscribers filter notices by these attributes.
    const { pipeline, state, stage } = notice;
    const attributes = { pipeline: attribute(pipeline), state: attribute(state), stage: attribute(stage) };
    try {
      await client.send(
        new PublishCommand({
          TopicArn: topicArn,
          Subject: subject,
          Message: body,
          MessageAttributes: attributes,
        }),
        { abortSignal: signal },
      );
    } catch (error) {
      if (error instanceof NotFoundException || error instanceof InvalidParameterException) {
        throw new NoticeRefusedError(`topic "${topicArn}" refused it: ${error.message}`, {
          remedy: "Deploy the stage again.",
        });
      }
      throw error;
    }
  }
}
