/** Default number of concurrent calls: half of the sockets that a client of the AWS SDK has. */
const defaultConcurrency = 25;

/**
 * Does something for each item of a list, a limited number at a time.
 *
 * @returns the result of each, in the order of the list
 * @throws the first error, after all calls that were begun have ended. A call that a function leaves open would go on
 * in the middle of another invocation.
 */
export async function mapConcurrently<T, R>(
  list: readonly T[],
  work: (each: T) => Promise<R>,
  atOnce = defaultConcurrency,
): Promise<R[]> {
  const results: R[] = [];
  for (let place = 0; place < list.length; place += atOnce) {
    const some = await Promise.allSettled(list.slice(place, place + atOnce).map(work));
    for (const each of some) {
      if (each.status === "rejected") throw each.reason;
      results.push(each.value);
    }
  }
  return results;
}
