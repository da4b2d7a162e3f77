/** A value whose fields are present or absent, and never undefined. */
export type Given<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/**
 * An object without the fields that are undefined: zod keeps omitted fields as undefined, and exact types distinguish
 * the two.
 */
export function given<T extends object>(value: T): Given<T> {
  // Object.fromEntries loses the names of the fields.
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Given<T>;
}
