import type { Engine } from "../../shared/ports/engine.ts";

/** What a page has read: calls by name, and how many times it had to wait for answers before it could go on. */
export type CountedReads = {
  readonly engine: Engine;
  readonly counts: Readonly<Record<string, number>>;
  readonly rounds: () => number;
};

/** An engine whose stores count their calls. Calls that begin before the answers of others come are one round. */
export function countReads(engine: Engine): CountedReads {
  const counts: Record<string, number> = {};
  let rounds = 0;
  let answers: Promise<void> | undefined;
  const nextAnswers = () => {
    answers ??= new Promise((resolve) => {
      rounds += 1;
      setImmediate(() => {
        answers = undefined;
        resolve();
      });
    });
    return answers;
  };
  const counted = <T extends object>(port: T): T =>
    new Proxy(port, {
      get(target, name) {
        const member: unknown = Reflect.get(target, name);
        if (typeof member !== "function") return member;
        return async (...args: unknown[]) => {
          counts[String(name)] = (counts[String(name)] ?? 0) + 1;
          await nextAnswers();
          return Reflect.apply(member, target, args);
        };
      },
    });
  const { store, schedules, backfills } = engine;
  return {
    engine: {
      ...engine,
      store: counted(store),
      schedules: counted(schedules),
      backfills: counted(backfills),
    },
    counts,
    rounds: () => rounds,
  };
}
