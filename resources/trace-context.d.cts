/** Values set for the calls under one name. */
export interface Namespace {
  get(key: string): unknown;
  set(key: string, value: unknown): unknown;
  enter(context: object): void;
  createContext(): object;
  run(work: (context: object) => void): object;
  runAndReturn<T>(work: (context: object) => T): T;
  bind<A extends unknown[], R>(work: (...args: A) => R): (...args: A) => R;
}
export function createNamespace(name: string): Namespace;
export function getNamespace(name: string): Namespace | undefined;
export function destroyNamespace(name: string): void;
