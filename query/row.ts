/** Instants are ms since 1970; an integer beyond 2^53 is its digits. */
export type Cell = string | number | boolean | null;

/** One cell for each column of the question, in its order. */
export type Row = readonly Cell[];
