/**
 * Blocks that terminals show two columns wide. Source: Unicode Standard Annex 11, East Asian Wide and
 * Fullwidth, by block; a character that it gets wrong costs alignment, nothing else.
 */
const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const combining = /\p{M}/u;
// oxlint-disable-next-line no-control-regex
const ascii = /^[\x00-\x7f]*$/;

const ELLIPSIS = "…";

/** How many columns of a terminal text takes, once `terminalText` has been over it. */
export function displayWidth(text: string): number {
  if (ascii.test(text)) return text.length;
  let width = 0;
  for (const character of text) width += widthOf(character);
  return width;
}

/** The text itself if it fits into `width` columns, else its beginning and `…`. */
export function shortened(text: string, width: number): string {
  if (text.length <= width && ascii.test(text)) return text;
  if (displayWidth(text) <= width) return text;
  let kept = "";
  let used = 0;
  for (const character of text) {
    used += widthOf(character);
    if (used > width - 1) break;
    kept += character;
  }
  return kept + ELLIPSIS;
}

function widthOf(character: string): number {
  if (combining.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}
