/** What a question cost and what it found; complete once the last row was given. */
export interface QueryReport {
  readonly days: number;
  readonly objectsListed: number;
  readonly objectsOpened: number;
  /** Of the objects opened. */
  readonly bytes: number;
  readonly rowsMatched: number;
  /** Less than matched where a limit was asked for. */
  readonly rowsGiven: number;
  /** Keys in the listed part of the store that this program did not write. */
  readonly unrecognised: readonly string[];
  /** Keys of objects that were listed and gone when they were to be read. */
  readonly vanished: readonly string[];
}
