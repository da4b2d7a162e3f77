import { setTimeout as wait } from "node:timers/promises";
import { VirtualClock } from "../../shared/adapters/memory/virtual-clock.ts";
import { type Clock, systemClock } from "../../shared/ports/clock.ts";

/** What every clock does. `pass` lets this many milliseconds go by. */
function clockContract(make: () => { clock: Clock; pass(milliseconds: number): Promise<void> }): void {
  it("time moves forward, and never back", async () => {
    const { clock, pass } = make();
    const before = clock.now();
    await pass(20);
    expect(clock.now()).toBeGreaterThanOrEqual(before + 15);
  });

  it("a deadline is called when its time has come, and not before", async () => {
    const { clock, pass } = make();
    const { signal } = clock.deadline(30);
    expect(signal.aborted).toBe(false);
    await pass(60);
    expect(signal.aborted).toBe(true);
  });

  it("a cleared deadline is not called", async () => {
    const { clock, pass } = make();
    const { signal, clear } = clock.deadline(10);
    clear();
    await pass(40);
    expect(signal.aborted).toBe(false);
  });
}

describe("the machine's clock", () => {
  clockContract(() => ({ clock: systemClock, pass: (milliseconds) => wait(milliseconds) }));
});

describe("the virtual clock", () => {
  clockContract(() => {
    const clock = new VirtualClock(0);
    return { clock, pass: async (milliseconds) => clock.moveTo(clock.now() + milliseconds) };
  });

  it("moving back has no effect", () => {
    const clock = new VirtualClock(1000);
    clock.moveTo(500);
    expect(clock.now()).toBe(1000);
  });
});
