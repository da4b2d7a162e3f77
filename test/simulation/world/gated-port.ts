import type { Task } from "./task.ts";

/** Passes a call on at the time and in the way that the scheduler chooses. */
export type Gate = (
  task: Task,
  port: string,
  method: string,
  args: readonly unknown[],
  effect: () => Promise<unknown>,
) => Promise<unknown>;

/** Port functions that reach nothing outside. AWS Batch has nothing to complete. */
const computing: ReadonlySet<string> = new Set(["locate", "complete"]);

type Methods = Record<string, (...args: unknown[]) => unknown>;

function methodsOf(port: object): string[] {
  const names = new Set<string>();
  for (let at: object | null = port; at !== null && at !== Object.prototype; at = Object.getPrototypeOf(at)) {
    for (const name of Object.getOwnPropertyNames(at)) {
      if (name !== "constructor" && typeof Reflect.get(at, name, port) === "function") names.add(name);
    }
  }
  return [...names];
}

/** Makes every call of a port pass the gate, on behalf of the worker whose code is running. */
export function gatedPort<T extends object>(name: string, port: T, gate: Gate, current: () => Task): T {
  const gated: Methods = {};
  const target = port as unknown as Methods;
  for (const method of methodsOf(port)) {
    const effect = (args: readonly unknown[]) => target[method]?.apply(port, [...args]);
    gated[method] = computing.has(method)
      ? (...args) => effect(args)
      : (...args) => gate(current(), name, method, args, async () => effect(args));
  }
  return gated as unknown as T;
}
