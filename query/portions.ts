/**
 * Cuts objects into portions of which the first bytes are held at once: each has `bytesMax` of them at most, unless
 * a single object has more. `headOf` says how many an object has.
 */
export function portionsOf<Item>(
  items: readonly Item[],
  headOf: (item: Item) => number,
  bytesMax: number,
): readonly (readonly Item[])[] {
  const portions: Item[][] = [];
  let portion: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    const headBytes = headOf(item);
    if (portion.length > 0 && bytes + headBytes > bytesMax) {
      portions.push(portion);
      portion = [];
      bytes = 0;
    }
    portion.push(item);
    bytes += headBytes;
  }
  return portion.length === 0 ? portions : [...portions, portion];
}
