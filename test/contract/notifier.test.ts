import { setImmediate } from "node:timers/promises";
import { CreateTopicCommand, DeleteTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import * as z from "zod";
import { AwsNotifier, type NoticeSettings } from "../../shared/adapters/aws/aws-notifier.ts";
import { MemoryNotifier } from "../../shared/adapters/memory/memory-notifier.ts";
import { VirtualClock } from "../../shared/adapters/memory/virtual-clock.ts";
import type { NoticeTarget } from "../../shared/pipeline/graph.ts";
import { email, slack, webhook } from "../../shared/pipeline/index.ts";
import { NoticeFailedError, NoticeRefusedError } from "../../shared/ports/notifier.ts";
import { aNotice, epochStart } from "../factories.ts";
import { type Ministack, startTestMinistack } from "../ministack.ts";
import { hangs, status, TestReceiver } from "../notice/receiver.ts";
import { notifierContract } from "./notifier.contract.ts";

describe("notifier in memory", () => {
  notifierContract(async () => {
    const notifier = new MemoryNotifier();
    return {
      notifier,
      targets: [slack(), email(), webhook({ url: "https://example.com/hook" })],
      arrived: async (to) =>
        notifier.sent.filter((each) => each.to.kind === to.kind).map(({ notice }) => JSON.stringify(notice)),
    };
  });
});

describe("notifier on AWS", () => {
  let ministack: Ministack;
  let ssm: SSMClient;
  let sns: SNSClient;
  let sqs: SQSClient;
  const receiver = new TestReceiver();
  const clock = new VirtualClock(epochStart);
  let stages = 0;

  beforeAll(async () => {
    ministack = await startTestMinistack();
    ssm = new SSMClient(ministack.client);
    sns = new SNSClient(ministack.client);
    sqs = new SQSClient(ministack.client);
    await receiver.start();
  });
  afterAll(async () => {
    for (const client of [ssm, sns, sqs]) client.destroy();
    await receiver.stop();
    await ministack.stop();
  });

  /** A separate stage, with a topic and a queue that is subscribed to it. */
  async function newStage(settings: Partial<NoticeSettings> = {}) {
    stages += 1;
    const parameters = `/millrace/stage-${stages}`;
    const { TopicArn: topicArn = "" } = await sns.send(new CreateTopicCommand({ Name: `notices-${stages}` }));
    const { QueueUrl: queueUrl = "" } = await sqs.send(
      new CreateQueueCommand({ QueueName: `notices-${stages}` }),
    );
    const queueArn = `arn:aws:sqs:us-east-1:000000000000:notices-${stages}`;
    await sns.send(new SubscribeCommand({ TopicArn: topicArn, Protocol: "sqs", Endpoint: queueArn }));
    const notifier = new AwsNotifier(
      { parameters, topicArn, isLocal: true, patience: 30_000, ...settings },
      clock,
      { config: ministack.client },
    );
    const keep = (name: string, value: string, type: "SecureString" | "String" = "SecureString") =>
      ssm.send(
        new PutParameterCommand({ Name: `${parameters}/${name}`, Value: value, Type: type, Overwrite: true }),
      );
    return { notifier, parameters, topicArn, queueUrl, keep };
  }

  const published = z.object({ Subject: z.string(), Message: z.string(), MessageAttributes: z.unknown() });

  async function mails(queueUrl: string): Promise<z.infer<typeof published>[]> {
    const request = { QueueUrl: queueUrl, MaxNumberOfMessages: 10, WaitTimeSeconds: 0 };
    const { Messages: messages = [] } = await sqs.send(new ReceiveMessageCommand(request));
    const entries = messages.map(({ ReceiptHandle }, place) => ({ Id: String(place), ReceiptHandle }));
    if (entries.length > 0)
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queueUrl, Entries: entries }));
    return messages.map(({ Body = "" }) => published.parse(JSON.parse(Body)));
  }

  const send = (notifier: AwsNotifier, to: NoticeTarget) =>
    notifier.send({ to, notice: aNotice(), key: "run.1.FAILED.it" }, AbortSignal.timeout(30_000));

  notifierContract(async () => {
    const { notifier, queueUrl, keep } = await newStage();
    await keep("slack-webhook", receiver.url("/slack"));
    receiver.behave();
    return {
      notifier,
      targets: [slack(), email(), webhook({ url: receiver.url("/webhook") })],
      async arrived(to) {
        if (to.kind === "email")
          return (await mails(queueUrl)).map(({ Subject, Message }) => `${Subject} ${Message}`);
        return receiver.received.filter(({ path }) => path === `/${to.kind}`).map(({ body }) => body);
      },
    };
  });

  test("a webhook gets the notice as JSON, a constant key, and the headers of its parameter", async () => {
    const { notifier, keep } = await newStage();
    await keep("pager", JSON.stringify({ url: receiver.url(), headers: { authorization: "Bearer x" } }));
    receiver.behave();
    await send(notifier, webhook({ secret: "pager" }));
    await send(notifier, webhook({ secret: "pager" }));
    expect(receiver.received.map(({ body }) => JSON.parse(body))).toEqual([aNotice(), aNotice()]);
    for (const { headers } of receiver.received) {
      expect(headers).toMatchObject({ authorization: "Bearer x", "idempotency-key": "run.1.FAILED.it" });
    }
  });

  test("an e-mail has a subject, and attributes that subscribers can filter by", async () => {
    const { notifier, queueUrl } = await newStage();
    await send(notifier, email());
    const [mail] = await mails(queueUrl);
    expect(mail?.Subject).toBe("ridge-sweep failed in prod, step train_model[3]");
    expect(mail?.MessageAttributes).toMatchObject({
      pipeline: { Value: "ridge-sweep" },
      state: { Value: "FAILED" },
      stage: { Value: "prod" },
    });
  });

  test("a missing or unencrypted parameter is refused with the command that creates it", async () => {
    const { notifier, parameters, keep } = await newStage();
    const missing = send(notifier, slack());
    await expect(missing).rejects.toThrow(NoticeRefusedError);
    const create = `aws ssm put-parameter --type SecureString --overwrite --name ${parameters}/slack-webhook`;
    await expect(missing).rejects.toMatchObject({ remedy: expect.stringContaining(create) });
    await keep("clear", "https://example.com/T0SECRET", "String");
    const clear = send(notifier, slack({ secret: "clear" }));
    await expect(clear).rejects.toThrow(NoticeRefusedError);
    await expect(clear).rejects.toThrow("is not a SecureString");
    await expect(clear).rejects.not.toThrow("SECRET");
  });

  test.each([
    ["no URL", "T0SECRET"],
    ["no TLS", "http://example.com/T0SECRET"],
    ["a password", "https://user:T0SECRET@example.com/"],
    ["broken JSON", '{"url":"https://example.com/T0SECRET"'],
    ["an unknown field", '{"url":"https://example.com/T0SECRET","method":"PUT"}'],
    ["a header of two lines", '{"url":"https://example.com/T0SECRET","headers":{"a":"b\\nc"}}'],
  ])("a parameter that holds %s is refused by its name, and its value stays secret", async (_name, value) => {
    const { notifier, parameters, keep } = await newStage();
    await keep("odd", value);
    const error = await send(notifier, webhook({ secret: "odd" })).catch((thrown: Error) => thrown);
    expect(error).toBeInstanceOf(NoticeRefusedError);
    expect(String(error)).toContain(`${parameters}/odd`);
    expect(`${error} ${JSON.stringify(error)} ${(error as Error).stack}`).not.toContain("SECRET");
  });

  test("a receiver on this machine without TLS is accepted in the local stage only", async () => {
    const { notifier } = await newStage({ isLocal: false });
    receiver.behave();
    const sending = send(notifier, webhook({ url: receiver.url() }));
    await expect(sending).rejects.toThrow(NoticeRefusedError);
    expect(receiver.received).toEqual([]);
  });

  test("a parameter is read once in five minutes", async () => {
    const { notifier, keep } = await newStage();
    await keep("slack-webhook", receiver.url("/old"));
    receiver.behave();
    await send(notifier, slack());
    await keep("slack-webhook", receiver.url("/new"));
    await send(notifier, slack());
    clock.moveTo(clock.now() + 300_000);
    await send(notifier, slack());
    expect(receiver.received.map(({ path }) => path)).toEqual(["/old", "/old", "/new"]);
  });

  test.each([401, 403, 404, 410])(
    "an address that answers %d is read from its parameter again",
    async (code) => {
      const { notifier, keep } = await newStage();
      await keep("slack-webhook", receiver.url("/old"));
      receiver.behave();
      await send(notifier, slack());
      await keep("slack-webhook", receiver.url("/new"));
      receiver.behave(status(code, "no_service"));
      await send(notifier, slack());
      expect(receiver.received.map(({ path }) => path)).toEqual(["/old", "/new"]);
    },
  );

  test("an address that is refused and unchanged is posted to once", async () => {
    const { notifier, parameters, keep } = await newStage();
    await keep("slack-webhook", receiver.url("/T0SECRET"));
    receiver.behave(status(404, "no_service"));
    await expect(send(notifier, slack())).rejects.toThrow(
      `the receiver of ${parameters}/slack-webhook answered 404 Not Found (no_service)`,
    );
    expect(receiver.received).toHaveLength(1);
  });

  test("a receiver that hangs is abandoned after the timeout", async () => {
    const { notifier } = await newStage({ patience: 200 });
    const { notifier: patient } = await newStage({ patience: 3_600_000 });
    receiver.behave(hangs, hangs);
    let patienceEnded = false;
    void send(patient, webhook({ url: receiver.url() }))
      .catch(() => undefined)
      .finally(() => {
        patienceEnded = true;
      });
    while (receiver.received.length === 0) await setImmediate();
    await expect(send(notifier, webhook({ url: receiver.url() }))).rejects.toThrow(NoticeFailedError);
    expect(patienceEnded).toBe(false);
  });

  test("a deleted topic is refused", async () => {
    const { notifier, topicArn } = await newStage();
    await sns.send(new DeleteTopicCommand({ TopicArn: topicArn }));
    await expect(send(notifier, email())).rejects.toThrow(NoticeRefusedError);
  });

  test("a call to AWS without a response is abandoned after the timeout", async () => {
    receiver.behave(hangs, hangs);
    const config = { ...ministack.client, endpoint: receiver.url("") };
    const settings = {
      parameters: "/millrace/x",
      topicArn: "arn:aws:sns:us-east-1:000000000000:x",
      isLocal: true,
    };
    const notifier = new AwsNotifier({ ...settings, patience: 200 }, clock, { config });
    for (const to of [slack(), email()])
      await expect(send(notifier, to)).rejects.toThrow("AWS did not answer in time");
  });
});
