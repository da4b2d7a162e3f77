/** Calls that are under way at once where nobody says otherwise: half of the sockets that a client of the AWS SDK has. */
const defaultAtOnce = 25;

/**
 * Does something for each of a list, so many at once.
 *
 * @returns what came of each, in the order of the list
 * @throws the first error, once none of those begun is under way any more: what a function leaves behind would go on in
 *   the middle of another invocation
 */
export async function severalAtOnce<T, R>(
  list: readonly T[],
  work: (each: T) => Promise<R>,
  atOnce = defaultAtOnce,
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
