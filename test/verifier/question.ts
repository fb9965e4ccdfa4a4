/** What a verifier of ledgers is asked. */
export interface Question {
  readonly folder: string;
  readonly keys?: readonly string[];
  /** SEQUENCE:SHA256 */
  readonly head?: string;
  readonly store?: string;
}
