/** What a question cost and what it found; complete once the last row was given. */
export interface QueryReport {
  readonly days: number;
  readonly objectsListed: number;
  readonly objectsOpened: number;
  /** What was read of the objects opened, as they lie in the store. */
  readonly bytes: number;
  readonly rowsMatched: number;
  /** Less than matched where a limit was asked for. */
  readonly rowsGiven: number;
  /** Keys in the listed part of the store that this program did not write. */
  readonly unrecognised: readonly string[];
  /** Keys of objects that were listed and gone when they were to be read. */
  readonly vanished: readonly string[];
  /** Keys of objects whose day's key was destroyed: what they held is gone. */
  readonly destroyed: readonly string[];
  /** Keys of objects for which the custodian has no key, and knows of no destruction: it is lost. */
  readonly keyless: readonly string[];
}
