/** What is no whole and unchanged sealed object of the key that was tried. Nothing of it was given out. */
export class SealBrokenError extends Error {
  override readonly name = "SealBrokenError";
}
