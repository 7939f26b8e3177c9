/**
 * Applies `work` to every item, at most `limit` at a time, and yields the results in the order of the items. At most
 * `limit` results wait in memory. When one fails, no further work starts, and the error is thrown once the work
 * already under way has ended; the same when the consumer stops early.
 */
export async function* mapInOrder<T, R>(
  items: Iterable<T>,
  limit: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const underWay: Promise<R>[] = [];
  try {
    for (const item of items) {
      const result = work(item);
      // Its turn to be awaited comes later; until then a failure is not an unhandled one.
      result.catch(() => undefined);
      underWay.push(result);
      if (underWay.length >= limit) yield await takeFirst(underWay);
    }
    while (underWay.length > 0) yield await takeFirst(underWay);
  } finally {
    await Promise.allSettled(underWay);
  }
}

function takeFirst<R>(underWay: Promise<R>[]): Promise<R> {
  const first = underWay.shift();
  if (first === undefined) throw new Error('nothing is under way');
  return first;
}
