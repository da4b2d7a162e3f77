import type { StepKey } from "../state/step-record.ts";

/** A step that waits for an object. */
export type ObjectWaiter = StepKey & { readonly epoch: number };

/**
 * Which steps wait for which object, so that an object's event finds them. Only a hint: the step's record is the truth.
 */
export type ObjectWaiters = {
  /** Notes that a step waits for an object until a time (epoch milliseconds). Adding the same note twice keeps one. */
  add(uri: string, waiter: ObjectWaiter, until: number): Promise<void>;
  /** Steps that wait for an object, in no set order. Some of them may have passed their deadline. */
  list(uri: string): Promise<ObjectWaiter[]>;
  /** It is not an error if the note doesn't exist. */
  remove(uri: string, waiter: ObjectWaiter): Promise<void>;
};
