import type { StepKey } from "../state/step-record.ts";

/** A step that waits for an object. */
export type ObjectWaiter = StepKey & { readonly epoch: number };

/** Which steps wait for which object, so that an object's event finds them. Only a hint: the step's record is the truth. */
export type ObjectWaiters = {
  /** Notes that a step waits for an object until a time (epoch milliseconds); noted twice it is one note. */
  add(uri: string, waiter: ObjectWaiter, until: number): Promise<void>;
  /** Steps that wait for an object, in no set order. Those whose time is over may be among them. */
  list(uri: string): Promise<ObjectWaiter[]>;
  /** A note that is not there is no error. */
  remove(uri: string, waiter: ObjectWaiter): Promise<void>;
};
