import { hidePersonal } from "./hide-personal.ts";

/** Bytes of UTF-8; paths that people read are shorter. */
export const PATH_BYTES_MAX = 512;

/** Depth of what is counted apart; site generators nest less. */
export const SEGMENTS_MAX = 16;

/** Characters of a decoded segment. Titles in addresses are cut at 200 by what makes them. */
const SEGMENT_LENGTH_MAX = 255;

/** Encoding upon encoding: more is somebody's attack. */
const DECODE_PASSES_MAX = 4;

/**
 * A request's path for statistics, from the stored text of the target (`src/text.ts`), without what looks like
 * personal data; {@link hidePersonal} says what does, in a segment as it reads when it is decoded:
 *
 * - `/2026/11/22/a-post-with-words`, `/product/12345`, `/v2/api`, `/img/logo-300x200.png` stay as they are;
 * - `/users/jan%40example.nl/edit` becomes `/users/:mail/edit`, `/~jan/` `/:user/`, `/js/app.3f2a9c1b.js`
 *   `/js/app.:hex.js`;
 * - `http://user:password@host/x` becomes `/x`, `/a;jsessionid=1/b` becomes `/a/b`;
 * - everything from `?`, `#` or `&` on goes, encoded ones (`%3f`, `%253f`) too: a target that has one in its
 *   path carries a query in disguise; so does a segment with `=`: `/login/password=x` becomes
 *   `/login/password=:value`;
 * - a segment with control characters becomes `:binary`; one of more than 255 characters, or encoded more than
 *   four times, becomes `:tok`;
 * - behind 16 segments or 512 bytes stands `*`.
 *
 * A segment with nothing to hide stays byte for byte. Time is linear in the path's length. Applied to its own
 * output it changes nothing.
 */
export function cleanPath(target: string): string {
  const segments = withoutAuthority(target).split("/", SEGMENTS_MAX + 2);
  const kept: string[] = [];
  let sizeBytes = 0;
  for (const [index, segment] of segments.entries()) {
    const { text, isLast } = cleanSegment(segment);
    sizeBytes += Buffer.byteLength(text) + 1;
    if (index > SEGMENTS_MAX || sizeBytes > PATH_BYTES_MAX - 1) {
      kept.push("*");
      break;
    }
    kept.push(text);
    if (isLast) break;
  }
  return kept.join("/");
}

const absoluteForm = /^[a-z][a-z0-9+.-]{0,30}:\/\/[^/?#]*/i;

/** RFC 9112 section 3.2.2: what proxies are sent, and what scanners send to everybody. */
function withoutAuthority(target: string): string {
  const match = absoluteForm.exec(target);
  if (match === null) return target;
  const rest = target.slice(match[0].length);
  return rest.startsWith("/") ? rest : `/${rest}`;
}

/** Nothing that means anything but itself, so that there is nothing to decode. */
const literal = /^[\w.,:@~+!$'()*-]*$/;

/** What stands behind `=`, but for the padding of a token. */
const assignedValue = /=(?=[^=/])[^/]*/g;

interface CleanSegment {
  readonly text: string;
  /** True when the path ends here, whatever follows. */
  readonly isLast: boolean;
}

function cleanSegment(segment: string): CleanSegment {
  if (segment.length <= SEGMENT_LENGTH_MAX && literal.test(segment)) {
    return { text: hidePersonal(segment), isLast: false };
  }
  const decoded = decode(segment);
  if (decoded === undefined) return { text: ":tok", isLast: false };
  const end = decoded.search(/[?#&]/);
  const path = end === -1 ? decoded : decoded.slice(0, end);
  const isLast = end !== -1;
  if (controlCharacter.test(path)) return { text: ":binary", isLast };
  const plain = path.replace(/;[^/]*/g, "").replace(assignedValue, "=:value");
  if (plain.length > SEGMENT_LENGTH_MAX) return { text: ":tok", isLast };
  const hidden = plain.split("/").map(hidePersonal).join("/");
  return { text: hidden === decoded ? segment : encode(hidden), isLast };
}

// oxlint-disable-next-line no-control-regex
const controlCharacter = /[\u0000-\u001f\u007f-\u009f\ue000-\ue0ff]/;

/** Bytes that are not ASCII stand in for themselves as private characters, which addresses do not have. */
const PRIVATE_PERCENT = 0xe100;
const PRIVATE_STORED = 0xe200;
const privateCharacter = /[\ue100-\ue2ff]/g;
const privatePlane = /[\ue000-\uf8ff]/;

/** Undefined when the segment is encoded too deeply. A segment with private characters of its own is binary. */
function decode(segment: string): string | undefined {
  if (privatePlane.test(segment)) return "\0";
  let text = segment.replace(/\\x([0-9A-F]{2})/g, (_, hex: string) => byteCharacter(hex, PRIVATE_STORED));
  for (let pass = 0; pass < DECODE_PASSES_MAX; pass++) {
    const decoded = text.replace(/%([0-9a-f]{2})/gi, (_, hex: string) => byteCharacter(hex, PRIVATE_PERCENT));
    if (decoded === text) return text;
    text = decoded;
  }
  return text.includes("%") ? undefined : text;
}

function byteCharacter(hex: string, privateStart: number): string {
  const byte = Number.parseInt(hex, 16);
  return String.fromCharCode(byte < 0x80 && byte !== BACKSLASH ? byte : privateStart + byte);
}

const BACKSLASH = 0x5c;

/** The inverse of {@link decode} as stored text, up to the number of encodings. */
function encode(text: string): string {
  return text
    .replace(/[\s"%/<>^`{|}]/g, (character) => encodeURIComponent(character))
    .replace(privateCharacter, (character) => {
      const code = character.charCodeAt(0);
      const hex = (code & 0xff).toString(16).toUpperCase().padStart(2, "0");
      return code >= PRIVATE_STORED ? `\\x${hex}` : `%${hex}`;
    });
}
