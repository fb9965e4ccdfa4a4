/** What stands where personal data stood; while the text is worked on, one private character each. */
const placeholder = {
  mail: "\uf001",
  ip: "\uf002",
  uuid: "\uf003",
  hex: "\uf004",
  num: "\uf005",
  tok: "\uf006",
  phone: "\uf007",
  iban: "\uf008",
  user: "\uf009",
} as const;

/**
 * Replaces what looks like personal data in a piece of text without `/`, decoded, at most some hundred characters
 * long. What is around it stays, so that `app.3f2a9c1b.js` and `invoice-20260001.pdf` stay useful as
 * `app.:hex.js` and `invoice-:num.pdf`:
 *
 * - `:user` for `~jan` and `@jan`, at the beginning;
 * - `:mail` for anything with an `@` inside that is no version (`jquery@3.7.1`) and no retina image (`a@2x.png`);
 * - `:ip` for IPv6 text, also with `-` for `:`, and for four numbers up to 255 in a row;
 * - `:uuid`; `:iban` if the check digits are right (ISO 13616);
 * - `:tok` for a JSON Web Token, and for words of letters and digits that change between lower case, upper case
 *   and digits as often as random ones do, or go on for 40 characters. Of random base64 it finds 97 in 100 of 16
 *   characters, 99 of 22, all but one in a thousand of 32 or more; of 8 to 11 characters only the most mixed;
 * - `:hex` for 8 hex digits and more with a letter and a digit among them, or 16 of any kind;
 * - `:num` for 7 digits and more, or 9 with single separators between; `:phone` if they begin as phone numbers do.
 *   A date before them (`2026-11-22`, `20261122`) does not count. Numbers up to 6 digits stay: `/product/12345`.
 *
 * It does not know names: `/author/jan-jansen` stays. Applied to its own output it changes nothing.
 */
export function hidePersonal(text: string): string {
  if (plain.test(text)) return text;
  let before = text;
  let hidden = hideOnce(text);
  // What was hidden may lay bare what stood beside it. Each turn hides some characters, so this ends.
  while (hidden !== before) {
    before = hidden;
    hidden = hideOnce(hidden);
  }
  return hidden;
}

function hideOnce(text: string): string {
  let hidden = text.includes(":") ? text.replace(written, (_, name: Name) => placeholder[name]) : text;
  if (hidden.includes("@") || hidden.startsWith("~")) hidden = hideUsers(hidden);
  if (hidden.includes(":")) hidden = hidden.replace(colonAddress, hideColonAddress);
  hidden = hidden.replace(uuid, placeholder.uuid).replace(dashedAddress, placeholder.ip);
  hidden = hidden.replace(iban, (match) => (isIban(match) ? placeholder.iban : match));
  hidden = hidden.replace(webToken, placeholder.tok).replace(chunk, hideTokens);
  return hidden.replace(digitRun, hideDigits).replace(privateCharacter, writePlaceholder);
}

type Name = keyof typeof placeholder;

const nameOf: ReadonlyMap<string, string> = new Map(
  Object.entries(placeholder).map(([name, character]) => [character, name]),
);
const written = new RegExp(`:(${[...nameOf.values()].join("|")})(?![A-Za-z0-9])`, "g");
const privateCharacter = /([\uf001-\uf009])([A-Za-z0-9]?)/g;

/** A colon keeps a placeholder apart from a word that follows at once. */
function writePlaceholder(_: string, character: string, next: string): string {
  return `:${nameOf.get(character)}${next === "" ? "" : `:${next}`}`;
}

/** Short and without digits, capitals and anything special: most of what is on the web. */
const plain = /^[a-z._-]{0,15}$/;

const userName = /^[~@].+$/s;
const mail = /[^\s,;<>()"&=?|]+@[^\s,;<>()"&=?|]+/g;
const version = /^v?\d{1,3}(?:\.\d{1,3})?(?:\.\d{1,2})?(?:-(?:alpha|beta|rc|next|canary)[.\d]{0,3})?$/;
const retinaImage = /^[1-4]x\.(?:png|jpe?g|gif|webp|avif|svg)$/i;

function hideUsers(text: string): string {
  if (userName.test(text)) return placeholder.user;
  return text.replace(mail, (match) => {
    const domain = match.slice(match.indexOf("@") + 1);
    return version.test(domain) || retinaImage.test(domain) ? match : placeholder.mail;
  });
}

const colonAddress = /(?<![a-z0-9])[0-9a-f:]+(?:\.\d{1,3}){0,3}(?![a-z0-9])/gi;
const dashedAddress = /(?<![a-z0-9])(?:[0-9a-f]{1,4}[-_]){7}[0-9a-f]{1,4}(?![a-z0-9])/gi;
const uuid = /[0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}/gi;

/** Full or shortened IPv6; a time of day has too few colons. */
function hideColonAddress(match: string): string {
  const isAddress =
    match.length > 2 && (match.includes("::") || (match.match(/[0-9a-f]+/gi)?.length ?? 0) >= 8);
  return isAddress ? placeholder.ip : match;
}

const iban = /(?<![a-z0-9])[a-z]{2}\d{2}(?:[ -]?[a-z0-9]{4}){2,7}(?:[ -]?[a-z0-9]{1,3})?(?![a-z0-9])/gi;

/** True when the text, or the text up to one of its separators, has the check digits of an IBAN. */
function isIban(text: string): boolean {
  const parts = text.toUpperCase().split(/[ -]/);
  let compact = "";
  return parts.some((part) => {
    compact += part;
    return compact.length >= 15 && remainder97(compact.slice(4) + compact.slice(0, 4)) === 1;
  });
}

function remainder97(text: string): number {
  let remainder = 0;
  for (const character of text) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder;
}

const webToken = /eyJ[\w-]{5,}(?:\.[\w-]*){0,4}/g;
const chunk = /[A-Za-z0-9_+=-]{8,}/g;
const word = /[A-Za-z0-9]{8,}/g;
const hexDigits = /^(?:0[xX])?[0-9a-fA-F]{8,}$/;

function hideTokens(text: string): string {
  if (text.length >= 16 && !hexDigits.test(text) && looksRandom(text)) return placeholder.tok;
  return text.replace(word, (match) => {
    if (isHex(match)) return placeholder.hex;
    return isToken(match) ? placeholder.tok : match;
  });
}

/** Words have vowels, too, where their kind of letter changes. */
function looksRandom(text: string): boolean {
  const count = changes(text);
  return count >= text.length * 0.2 || (count >= 2 && consonants.test(text));
}

const consonants = /[b-df-hj-np-tv-xz]{5}/i;

function isHex(text: string): boolean {
  return hexDigits.test(text) && /[a-f]/i.test(text) && (/\d/.test(text) || text.length >= 16);
}

/**
 * Random words of letters and digits change their kind at 40 in 100 characters and more; English and Dutch
 * words, names of products and camel case stay well below the limits.
 */
function isToken(text: string): boolean {
  if (text.length >= 40) return /\D/.test(text);
  const share = changes(text) / text.length;
  if (text.length < 12) return share >= 0.4;
  return share >= 0.3 || (text.match(/\d+/g)?.length ?? 0) >= 3;
}

const SEPARATOR = 0;
const LOWER = 1;
const UPPER = 2;
const DIGIT = 3;

/** How often neighbours differ in kind (lower case, upper case, digit), a capital before a small letter aside. */
function changes(text: string): number {
  let count = 0;
  let before = SEPARATOR;
  for (let i = 0; i < text.length; i++) {
    const kind = kindOf(text.charCodeAt(i));
    if (
      kind !== before &&
      kind !== SEPARATOR &&
      before !== SEPARATOR &&
      !(before === UPPER && kind === LOWER)
    )
      count++;
    before = kind;
  }
  return count;
}

function kindOf(code: number): number {
  if (code >= 0x61 && code <= 0x7a) return LOWER;
  if (code >= 0x41 && code <= 0x5a) return UPPER;
  return code >= 0x30 && code <= 0x39 ? DIGIT : SEPARATOR;
}

const digitRun = /[+(]{0,2}\d(?:[-._ ()+]{0,3}\d)*/g;
const leadingDate =
  /^(?:19|20)\d\d(?:[-._](?:0?[1-9]|1[0-2])[-._](?:0?[1-9]|[12]\d|3[01])|(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01]))(?!\d)[-._ ]?/;

function hideDigits(match: string): string {
  const date = leadingDate.exec(match)?.[0] ?? "";
  const run = match.slice(date.length);
  const groups = run.match(/\d+/g) ?? [];
  if (hasFourOctets(groups)) return `${date}${placeholder.ip}`;
  const digits = groups.join("");
  if (digits.length < 9 && !groups.some((group) => group.length >= 7)) return match;
  const isPhone = digits.length >= 9 && digits.length <= 15 && /^[+(]*0|^\(?\+/.test(run);
  return `${date}${isPhone ? placeholder.phone : placeholder.num}`;
}

function hasFourOctets(groups: readonly string[]): boolean {
  let octets = 0;
  for (const group of groups) {
    octets = group.length <= 4 && Number(group) <= 255 ? octets + 1 : 0;
    if (octets === 4) return true;
  }
  return false;
}
