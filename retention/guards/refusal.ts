/** Why nothing at all may be destroyed or recorded now. */
export interface Refusal {
  readonly kind: "clocks-apart" | "clock-behind-ledger";
  /** Says what is wrong and what to do. */
  readonly message: string;
}
