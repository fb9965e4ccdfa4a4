/** For the message of a look-up that fails: what is to be thought of the rows that were given before. */
export function completeness(rowsGiven: number): string {
  return rowsGiven === 0
    ? "No rows were given"
    : `The ${rowsGiven} rows given so far are NOT the whole answer`;
}
