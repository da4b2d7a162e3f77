/** Counts the calls of a port's methods, by their names. */
export function countReads<T extends object>(
  port: T,
): { readonly port: T; readonly counts: Record<string, number> } {
  const counts: Record<string, number> = {};
  const counted = new Proxy(port, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== "function" || typeof name !== "string") return member;
      return (...args: unknown[]) => {
        counts[name] = (counts[name] ?? 0) + 1;
        return Reflect.apply(member, target, args);
      };
    },
  });
  return { port: counted, counts };
}

/** A port of which one method fails. */
export function failing<T extends object>(port: T, method: keyof T, message: string): T {
  return Object.assign(Object.create(port), { [method]: () => Promise.reject(new Error(message)) });
}
