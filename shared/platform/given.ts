/** A value whose fields are there or are not, and never undefined. */
export type Given<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** An object without the fields that are undefined: zod keeps those that were left out, and exact types tell them apart. */
export function given<T extends object>(value: T): Given<T> {
  // Object.fromEntries forgets the names of the fields.
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Given<T>;
}
