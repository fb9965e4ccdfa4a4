/** What arrived is not what was sent. Another attempt may go well. */
export class DamagedError extends Error {
  override readonly name = "DamagedError";
}
