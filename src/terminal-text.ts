/**
 * Controls (C0, DEL, C1), format characters (bidi controls, zero-width, tags), line and paragraph separators,
 * lone surrogates, and whatever else Unicode says is to be ignored when it is shown.
 */
export const unshowable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * Text that a terminal shows and does nothing else with: what would move the cursor, forge a line, reverse
 * the reading or be invisible is written `\u{9b}`. The one way for anything to reach a terminal; CVE-2003-0020
 * and CVE-2009-4487 are what comes of logs printed as they are. Stored text has no lone backslash, so it can
 * be read back.
 */
export function terminalText(text: string): string {
  return text.replaceAll(unshowable, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** The same for a text of several lines: its newlines stay. */
export function terminalLines(text: string): string {
  return text.split("\n").map(terminalText).join("\n");
}
