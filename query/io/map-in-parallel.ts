import { inParallel } from "../../src/in-parallel.ts";

/** The results of `act` in the items' order; as `inParallel` does it, at most `width` at a time. */
export async function mapInParallel<Item, Result>(
  items: readonly Item[],
  width: number,
  act: (item: Item) => Promise<Result>,
): Promise<readonly Result[]> {
  const results = new Map<number, Result>();
  await inParallel(items, width, async (item, index) => {
    results.set(index, await act(item));
  });
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result);
}
