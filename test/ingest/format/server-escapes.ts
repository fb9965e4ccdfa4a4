/** nginx `escape=default`: ngx_http_log_escape writes `"`, `\`, and bytes below 0x20 and above 0x7e as `\xHH`. */
export function escapeAsNginx(value: Uint8Array): string {
  return [...value].map((byte) => (isPlain(byte) ? String.fromCharCode(byte) : hex(byte, true))).join("");
}

const apacheLetters: Readonly<Record<number, string>> = { 8: "b", 9: "t", 10: "n", 11: "v", 13: "r" };

/** Apache: ap_escape_logitem puts a backslash before `"` and `\`, knows five letters, writes the rest `\xhh`. */
export function escapeAsApache(value: Uint8Array): string {
  return [...value]
    .map((byte) => {
      if (byte === 0x22 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
      const letter = apacheLetters[byte];
      if (letter !== undefined) return `\\${letter}`;
      return isPlain(byte) ? String.fromCharCode(byte) : hex(byte, false);
    })
    .join("");
}

function isPlain(byte: number): boolean {
  return byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c;
}

function hex(byte: number, isUpper: boolean): string {
  const digits = byte.toString(16).padStart(2, "0");
  return `\\x${isUpper ? digits.toUpperCase() : digits}`;
}
