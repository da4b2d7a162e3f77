import { hashOf } from "../random.ts";
import type { Task } from "../world/task.ts";
import type { World } from "../world/world.ts";
import type { ChoosingScheduler } from "./choosing-scheduler.ts";

/** Counters and clocks of the ports. They show how a state came about, not what it is. */
const uncounted: ReadonlySet<string> = new Set([
  "writes",
  "sent",
  "submissions",
  "versionId",
  "clock",
  "events",
]);

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/** Everything that a world's workers have learned so far, as one number for each worker. */
export class Histories {
  private readonly world: World;
  private readonly answers = new WeakMap<Task, number>();

  constructor(world: World) {
    this.world = world;
    world.onAnswer = (task, method, outcome) => {
      const text = `${this.answers.get(task) ?? 0} ${method} ${this.text(outcome)}`;
      this.answers.set(task, hashOf(1, text) * 2097152 + (hashOf(2, text) >>> 11));
    };
  }

  /** Describes a worker by its subject and what it knows. How many there were before it doesn't matter. */
  of(task: Task): string {
    return `${task.name.replace(/ #\d+$/, "")} ${this.answers.get(task) ?? 0}`;
  }

  /** A value as text, equal for values that make no difference to the engine. */
  text(value: unknown): string {
    return JSON.stringify(value, (key, part: unknown) => {
      if (uncounted.has(key)) return undefined;
      // It matters whether two versions of a record are the same, but not what they're called.
      if (key === "version" && typeof part === "string") return this.world.watch.steps.nameOf(part);
      if (part instanceof Map)
        return [...part]
          .map(([name, each]) => [String(name), each])
          .sort(([a], [b]) => byText(String(a), String(b)));
      if (part instanceof Set) return [...part].map(String).sort(byText);
      if (part instanceof Uint8Array) return Buffer.from(part).toString("latin1");
      return part;
    });
  }
}

/** Two worlds with the same text have the same future. */
export function stateText(world: World, scheduler: ChoosingScheduler, histories: Histories): string {
  const { store, objects, batch } = world.memory;
  const open = scheduler.open.map(
    ({ what: { kind, about, task } }) => `${kind} ${about} ${task ? histories.of(task) : ""}`,
  );
  const later = scheduler.agenda.entries().map(({ at, about }) => `${at} ${about}`);
  const parts = [store, objects, batch].map((port) => histories.text(port));
  return [scheduler.now, ...open.sort(byText), ...later.sort(byText), ...parts].join("\n");
}
