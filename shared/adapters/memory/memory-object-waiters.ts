import type { ObjectWaiter, ObjectWaiters } from "../../ports/object-waiters.ts";

const nameOf = ({ runId, step, index, epoch }: ObjectWaiter) => JSON.stringify([runId, step, index, epoch]);

/** Notes of waiting steps within the process. */
export class MemoryObjectWaiters implements ObjectWaiters {
  private readonly byUri = new Map<string, Map<string, ObjectWaiter>>();

  async add(uri: string, { runId, step, index, epoch }: ObjectWaiter): Promise<void> {
    const waiter = { runId, step, index, epoch };
    const waiters = this.byUri.get(uri) ?? new Map<string, ObjectWaiter>();
    this.byUri.set(uri, waiters.set(nameOf(waiter), waiter));
  }

  async list(uri: string): Promise<ObjectWaiter[]> {
    return [...(this.byUri.get(uri)?.values() ?? [])];
  }

  async remove(uri: string, waiter: ObjectWaiter): Promise<void> {
    this.byUri.get(uri)?.delete(nameOf(waiter));
  }
}
