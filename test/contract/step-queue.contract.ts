import { maxMessageDelay, type StepMessage, type StepQueue } from "../../shared/ports/step-queue.ts";

/** A queue under test, and what a worker would see of it. */
export type QueueUnderTest = {
  queue: StepQueue;
  /** Takes messages that can be received now until there are `count` of them. */
  receive(count: number): Promise<StepMessage[]>;
  /** How many messages are still delayed. */
  delayed(): Promise<number>;
  /** Lets this many milliseconds pass. */
  pass(milliseconds: number): Promise<void>;
};

const message = (index: number): StepMessage => ({ runId: "run-1", step: "fit", index, epoch: 1 });
const byIndex = (a: StepMessage, b: StepMessage) => Number(a.index) - Number(b.index);

/** What a step queue promises. `create` returns a new, empty queue. */
export function stepQueueContract(create: () => Promise<QueueUnderTest>): void {
  test("a message arrives as it was sent", async () => {
    const { queue, receive } = await create();
    const sent: StepMessage[] = [
      { runId: "20211004T162100Z-6b1m9xq2t7kw", step: "fit", index: "map", epoch: 3, shard: 49 },
      { runId: 'ü "quoted" <&>', step: "fit", index: 0, epoch: 1 },
    ];
    await queue.send(sent);
    const received = await receive(2);
    expect(received).toHaveLength(2);
    expect(received).toEqual(expect.arrayContaining(sent));
  });

  test("more messages than fit into one call all arrive", async () => {
    const { queue, receive } = await create();
    const sent = Array.from({ length: 200 }, (_, index) => message(index));
    await queue.send(sent);
    expect((await receive(200)).sort(byIndex)).toEqual(sent);
  });

  test("sending no messages is no error", async () => {
    const { queue, delayed } = await create();
    await queue.send([]);
    expect(await delayed()).toBe(0);
  });

  test("a delayed message can be received when its time has come, and not before", async () => {
    const { queue, receive, delayed, pass } = await create();
    await queue.send([message(1)], 900);
    expect(await delayed()).toBe(1);
    await queue.send([message(2)]);
    expect(await receive(1)).toEqual([message(2)]);
    await pass(1000);
    expect(await receive(1)).toEqual([message(1)]);
  });

  test("a delay over the maximum is reduced to it", async () => {
    const { queue, delayed } = await create();
    await queue.send([message(1)], 10 * maxMessageDelay);
    expect(await delayed()).toBe(1);
  });
}
