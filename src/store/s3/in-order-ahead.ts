/**
 * Yields what `fetch` returns for 0, 1, 2 … below `count`, in this order, with `width` of them under way while
 * one is used. Nothing is under way any more once it has ended, thrown or been left.
 */
export async function* inOrderAhead<T>(
  count: number,
  width: number,
  fetch: (index: number) => Promise<T>,
): AsyncGenerator<T> {
  const underWay: Promise<T>[] = [];
  let next = 0;
  const start = (): void => {
    while (underWay.length < width && next < count) {
      const result = fetch(next++);
      // It is looked at in its turn, perhaps after one before it has failed.
      result.catch(() => {});
      underWay.push(result);
    }
  };
  try {
    start();
    for (let first = underWay.shift(); first !== undefined; first = underWay.shift()) {
      const result = await first;
      start();
      yield result;
    }
  } finally {
    await Promise.allSettled(underWay);
  }
}
