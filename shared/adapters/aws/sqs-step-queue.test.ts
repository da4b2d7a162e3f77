import type {
  SendMessageBatchCommandInput,
  SendMessageBatchCommandOutput,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { isThrottling } from "../../platform/throttling.ts";
import type { StepMessage } from "../../ports/step-queue.ts";
import { MessagesNotSentError, sqsStepQueue } from "./sqs-step-queue.ts";

const messages = (count: number): StepMessage[] =>
  Array.from({ length: count }, (_, index) => ({ runId: "run", step: "fit", index, epoch: 1 }));
const indexIn = (body: string | undefined) => (JSON.parse(body ?? "") as { index: number }).index;
const fast = { tries: 4, first: 0, max: 0 };

/** A client that answers each call with `answer`, and the calls that it got. */
function clientAnswering(answer: (call: SendMessageBatchCommandInput, calls: number) => object) {
  const calls: SendMessageBatchCommandInput[] = [];
  const send = async ({ input }: { input: SendMessageBatchCommandInput }) => {
    calls.push(input);
    return answer(input, calls.length) as SendMessageBatchCommandOutput;
  };
  return { client: { send } as unknown as SQSClient, calls };
}
const failed = (
  call: SendMessageBatchCommandInput,
  indexes: number[],
  fault: object = { Code: "InternalError" },
) => ({
  Failed: (call.Entries ?? [])
    .filter(({ MessageBody }) => indexes.includes(indexIn(MessageBody)))
    .map(({ Id }) => ({ Id, SenderFault: false, ...fault })),
});

test("messages are sent in batches of ten", async () => {
  const { client, calls } = clientAnswering(() => ({}));
  await sqsStepQueue(client, "url", fast).send(messages(23));
  expect(calls.map((call) => call.Entries?.length)).toEqual([10, 10, 3]);
});

test.each([
  [0, 0],
  [1, 1],
  [1000, 1],
  [1001, 2],
  [900_000, 900],
  [9_000_000, 900],
  [-5, 0],
])("a delay of %i ms is sent as %i s", async (delay, seconds) => {
  const { client, calls } = clientAnswering(() => ({}));
  await sqsStepQueue(client, "url", fast).send(messages(1), delay);
  expect(calls[0]?.Entries?.[0]?.DelaySeconds).toBe(seconds);
});

test("only the entries that failed are sent again", async () => {
  const { client, calls } = clientAnswering((call, number) => failed(call, number === 1 ? [3, 7] : []));
  await sqsStepQueue(client, "url", fast).send(messages(10));
  expect(calls).toHaveLength(2);
  expect(calls[1]?.Entries?.map(({ MessageBody }) => indexIn(MessageBody))).toEqual([3, 7]);
});

test("messages that keep failing are named in the error after the last attempt", async () => {
  const { client, calls } = clientAnswering((call) => failed(call, [12]));
  const sending = sqsStepQueue(client, "url", fast).send(messages(15));
  await expect(sending).rejects.toThrow(MessagesNotSentError);
  await expect(sending).rejects.toMatchObject({
    unsent: [messages(15)[12]],
    message: "1 of 15 messages were not sent: InternalError: no message",
  });
  expect(calls).toHaveLength(1 + fast.tries);
});

test("a message that SQS rejects as invalid is not sent again", async () => {
  const { client, calls } = clientAnswering((call) =>
    failed(call, [0], { Code: "InvalidMessage", SenderFault: true }),
  );
  await expect(sqsStepQueue(client, "url", fast).send(messages(1))).rejects.toThrow("InvalidMessage");
  expect(calls).toHaveLength(1);
});

test("a call that fails leaves its messages unsent and the others sent", async () => {
  const { client } = clientAnswering((call) => {
    if (indexIn(call.Entries?.[0]?.MessageBody) === 10) throw new Error("no route");
    return {};
  });
  await expect(sqsStepQueue(client, "url", fast).send(messages(30))).rejects.toMatchObject({
    unsent: messages(30).slice(10, 20),
    message: expect.stringContaining("no route"),
  });
});

test.each([
  [
    "entries",
    (call: SendMessageBatchCommandInput) => failed(call, [0, 1], { Code: "RequestThrottled" }),
    true,
  ],
  ["entries through a fault", (call: SendMessageBatchCommandInput) => failed(call, [0, 1]), false],
  [
    "the call",
    () => {
      throw Object.assign(new Error("slow down"), { name: "ThrottlingException" });
    },
    true,
  ],
  [
    "some entries through a fault",
    (call: SendMessageBatchCommandInput) => ({
      Failed: [
        ...failed(call, [0], { Code: "RequestThrottled" }).Failed,
        ...failed(call, [1], { Code: "InvalidMessage", SenderFault: true }).Failed,
      ],
    }),
    false,
  ],
])("a refusal by SQS of %s is throttling only if its codes say so", async (_what, answer, throttled) => {
  const { client } = clientAnswering(answer);
  const error = await sqsStepQueue(client, "url", fast)
    .send(messages(2))
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(MessagesNotSentError);
  expect(isThrottling(error)).toBe(throttled);
});
