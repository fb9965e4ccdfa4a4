/** Inclusive. */
export interface StatusRange {
  readonly first: number;
  readonly last: number;
}

/** Servers log three digits; nginx logs 000 and Apache 0 where nothing was sent. */
const STATUS_MAX = 999;

const single = /^\d{1,3}$/;
const group = /^([1-9])xx$/i;
const range = /^(\d{1,3})-(\d{1,3})$/;

/** Reads `404`, `4xx` or `500-599`; undefined for anything else. */
export function parseStatusRange(text: string): StatusRange | undefined {
  if (single.test(text)) return { first: Number(text), last: Number(text) };
  const hundred = group.exec(text)?.[1];
  if (hundred !== undefined) return { first: Number(hundred) * 100, last: Number(hundred) * 100 + 99 };
  const [, first, last] = range.exec(text) ?? [];
  if (first === undefined || Number(first) > Number(last) || Number(last) > STATUS_MAX) return undefined;
  return { first: Number(first), last: Number(last) };
}
