export interface WidthWish {
  /** The widest cell, or the heading. */
  readonly natural: number;
  /** Times and numbers are shown whole: half a number is another number. */
  readonly isShortenable: boolean;
}

/** Narrower than this a text says nothing. */
const TEXT_WIDTH_MIN = 8;

/**
 * Widths that together take at most `available` columns, where that can be: the widest texts give way first,
 * down to a common width, and what is narrower keeps its own.
 */
export function columnWidths(wishes: readonly WidthWish[], available: number): readonly number[] {
  const widthsAt = (cap: number): readonly number[] =>
    wishes.map(({ natural, isShortenable }) => (isShortenable ? Math.min(natural, cap) : natural));
  let cap = Math.max(TEXT_WIDTH_MIN, ...wishes.map(({ natural }) => natural));
  while (cap > TEXT_WIDTH_MIN && sum(widthsAt(cap)) > available) cap--;
  return widthsAt(cap);
}

function sum(widths: readonly number[]): number {
  return widths.reduce((total, width) => total + width, 0);
}
