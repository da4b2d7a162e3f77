import { setTimeout as wait } from "node:timers/promises";
import {
  CreateQueueCommand,
  DeleteMessageCommand,
  GetQueueAttributesCommand,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { sqsStepQueue } from "../../shared/adapters/aws/sqs-step-queue.ts";
import { MemoryStepQueue } from "../../shared/adapters/memory/memory-step-queue.ts";
import { systemClock } from "../../shared/ports/clock.ts";
import { parseStepMessage, type StepMessage } from "../../shared/ports/step-queue.ts";
import { epochStart } from "../factories.ts";
import { type Ministack, startTestMinistack } from "../ministack.ts";
import { stepQueueContract } from "./step-queue.contract.ts";

describe("step queue in memory", () => {
  stepQueueContract(async () => {
    let now = epochStart;
    const queue = new MemoryStepQueue({ ...systemClock, now: () => now });
    return {
      queue,
      receive: async (count) => queue.receive(count),
      delayed: async () => queue.messages().filter(({ receivableAt }) => receivableAt > now).length,
      pass: async (milliseconds) => {
        now += milliseconds;
      },
    };
  });
});

describe("step queue in SQS", () => {
  let ministack: Ministack;
  let client: SQSClient;
  let queues = 0;
  beforeAll(async () => {
    ministack = await startTestMinistack();
    client = new SQSClient(ministack.client);
  });
  afterAll(async () => {
    client.destroy();
    await ministack.stop();
  });

  stepQueueContract(async () => {
    queues += 1;
    const { QueueUrl: url = "" } = await client.send(
      new CreateQueueCommand({ QueueName: `steps-${queues}` }),
    );
    return {
      queue: sqsStepQueue(client, url),
      async receive(count) {
        const received: StepMessage[] = [];
        while (received.length < count) {
          const answer = await client.send(
            new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10, WaitTimeSeconds: 2 }),
          );
          for (const { Body: body = "", ReceiptHandle: handle } of answer.Messages ?? []) {
            received.push(parseStepMessage(body));
            await client.send(new DeleteMessageCommand({ QueueUrl: url, ReceiptHandle: handle }));
          }
        }
        return received;
      },
      async delayed() {
        const name = "ApproximateNumberOfMessagesDelayed";
        const { Attributes: attributes } = await client.send(
          new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: [name] }),
        );
        return Number(attributes?.[name]);
      },
      // This must be real time, as the queue's delay is what is tested.
      pass: (milliseconds) => wait(milliseconds),
    };
  });
});
