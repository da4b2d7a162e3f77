import { SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { CreateQueueCommand, ReceiveMessageCommand } from "@aws-sdk/client-sqs";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { status, TestReceiver } from "../../notice/receiver.ts";
import { type DeployedService, eventually } from "../deployed-service.ts";
import { type Scenario, started } from "./scenario.ts";

/** Stores the addresses of a receiver as secrets of the stage. */
async function keepSecrets(ssm: SSMClient, receiver: TestReceiver): Promise<void> {
  const headers = { authorization: "Bearer of-e2e" };
  const values = {
    "e2e-slack": receiver.url("/slack"),
    "e2e-webhook": JSON.stringify({ url: receiver.url("/webhook"), headers }),
  };
  for (const [name, value] of Object.entries(values)) {
    const parameter = {
      Name: `/millrace/local/${name}`,
      Value: value,
      Type: "SecureString",
      Overwrite: true,
    } as const;
    await ssm.send(new PutParameterCommand(parameter));
  }
}

/** A queue that gets all notices by e-mail. */
async function subscribedQueue({ sqs, stack }: DeployedService, sns: SNSClient): Promise<string> {
  const arn = (service: string, name: string) =>
    `arn:aws:${service}:${stack.region}:${stack.accountId}:${name}`;
  const { QueueUrl: url = "" } = await sqs.send(new CreateQueueCommand({ QueueName: "e2e-notices" }));
  const topic = arn("sns", "millrace-local-notices");
  await sns.send(
    new SubscribeCommand({ TopicArn: topic, Protocol: "sqs", Endpoint: arn("sqs", "e2e-notices") }),
  );
  return url;
}

async function expectNotified(
  service: DeployedService,
  receiver: TestReceiver,
  queueUrl: string,
): Promise<void> {
  receiver.behave(status(500), status(503));
  const runId = await started(service, "telling", "");
  expect(await service.finished(runId)).toMatchObject({ state: "FAILED" });
  const view = await eventually(`what follows the end of ${runId}`, async () => {
    const seen = await service.view(runId);
    return seen.afterwards.filter(({ endedAt }) => endedAt !== undefined).length === 4 ? seen : undefined;
  });
  // Notices for other ends or other stages aren't among them.
  expect(Object.fromEntries(view.afterwards.map(({ name, state }) => [name, state]))).toEqual({
    ...{ slack: "SUCCEEDED", webhook: "SUCCEEDED", email: "SUCCEEDED", "slack-2": "FAILED" },
  });
  const refused = view.afterwards.find(({ name }) => name === "slack-2");
  expect(refused?.errors[0]?.message).toContain("there is no parameter /millrace/local/e2e-nobody");
  expect(view.state).toBe("FAILED");

  // Two were answered with an error and sent again.
  expect(receiver.received).toHaveLength(4);
  const slack = receiver.received.filter(({ path }) => path === "/slack").at(-1);
  expect(JSON.parse(slack?.body ?? "{}")).toMatchObject({ text: "telling failed in local, step train" });
  const posted = receiver.received.filter(({ path }) => path === "/webhook").at(-1);
  expect(posted?.headers).toMatchObject({
    ...{ authorization: "Bearer of-e2e", "idempotency-key": `${runId}.1.FAILED.webhook` },
  });
  expect(JSON.parse(posted?.body ?? "{}")).toMatchObject({
    run: { id: runId },
    error: { step: "train", message: "y has 3 NaN" },
    commands: { look: `npx millrace run ${runId}` },
  });
  const mail = await eventually("the e-mail", async () => {
    const { Messages: messages = [] } = await service.sqs.send(
      new ReceiveMessageCommand({ QueueUrl: queueUrl }),
    );
    return messages[0]?.Body;
  });
  expect(JSON.parse(mail)).toMatchObject({ Subject: "telling failed in local, step train" });
}

/** Notices of a failure, with secrets in SSM and a topic of SNS. The receiver answers with errors at first. */
export const noticeScenario: Scenario = {
  name: "a failure is reported once to each receiver, even a faulty one, and the run stays unchanged",
  async live(service) {
    const config = {
      endpoint: service.stack.awsEndpoint,
      region: service.stack.region,
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    };
    const [ssm, sns, receiver] = [new SSMClient(config), new SNSClient(config), new TestReceiver()];
    try {
      await receiver.start();
      await keepSecrets(ssm, receiver);
      await expectNotified(service, receiver, await subscribedQueue(service, sns));
    } finally {
      await receiver.stop();
      ssm.destroy();
      sns.destroy();
    }
  },
};
