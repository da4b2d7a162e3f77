import type { Task } from "./task.ts";

/** Passes a call on, when and how the scheduler wants. */
export type Gate = (
  task: Task,
  port: string,
  method: string,
  args: readonly unknown[],
  effect: () => Promise<unknown>,
) => Promise<unknown>;

/** Functions of ports that only compute: they reach nothing outside. */
const computing: ReadonlySet<string> = new Set(["locate"]);

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

/** Makes, for each worker, a port of which every call passes the gate. */
export function gatedPort<T extends object>(name: string, port: T, gate: Gate): (task: Task) => T {
  const template: Methods = {};
  const target = port as unknown as Methods;
  for (const method of methodsOf(port)) {
    template[method] = computing.has(method)
      ? (...args) => target[method]?.apply(port, args)
      : function call(this: { task: Task }, ...args) {
          return gate(
            this.task,
            name,
            method,
            args,
            () => target[method]?.apply(port, args) as Promise<unknown>,
          );
        };
  }
  return (task) => Object.assign(Object.create(template), { task }) as T;
}
