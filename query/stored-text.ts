import { bytesOfText, textOfBytes } from "../src/text.ts";

/** `\u{202e}`: how output shows a character that cannot be shown as it is. */
const shownCodePoint = /\\u\{([0-9a-f]{1,6})\}/gi;

/**
 * What somebody typed or pasted, as it is stored (`src/text.ts`). A `\xHH` or `\u{…}` copied from the output
 * finds what it was copied from; a backslash that begins neither stands for itself.
 */
export function storedText(typed: string): string {
  const text = typed.replaceAll(shownCodePoint, (shown: string, hex: string) => {
    const codePoint = Number.parseInt(hex, 16);
    return codePoint > 0x10_ffff ? shown : String.fromCodePoint(codePoint);
  });
  return textOfBytes(bytesOfText(new TextEncoder().encode(text)));
}
