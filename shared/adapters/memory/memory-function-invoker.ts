import type { FunctionCall, FunctionInvoker } from "../../ports/function-invoker.ts";

/** Functions within the process. Nothing runs by itself: a driver takes the accepted calls and runs them. */
export class MemoryFunctionInvoker implements FunctionInvoker {
  private calls: FunctionCall[] = [];

  async invoke(call: FunctionCall): Promise<void> {
    this.calls.push(structuredClone(call));
  }

  /** Returns and removes the calls since the last time. */
  takeCalls(): FunctionCall[] {
    const taken = this.calls;
    this.calls = [];
    return taken;
  }
}
