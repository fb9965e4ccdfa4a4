import { createCipheriv, createDecipheriv, createHmac, hkdfSync, timingSafeEqual } from "node:crypto";
import { agree, agreeOnce, KEY_BYTES, type KeyAgreement } from "./x25519.ts";

/** Room for forty recipients; ours have one, and take 168 bytes. A bound for who opens what strangers send. */
export const HEADER_BYTES_MAX = 4096;

export const FILE_KEY_BYTES = 16;

const VERSION_LINE = "age-encryption.org/v1";
const STANZA_KIND = "X25519";
const TAG_BYTES = 16;
const BODY_COLUMNS = 64;
const NO_NONCE = Buffer.alloc(12);

/**
 * The header of an age file, with its MAC line, for recipients of 32 bytes each. Throws for none of them, and for
 * more than {@link HEADER_BYTES_MAX} has room for. Source: C2SP age.md, "Header".
 */
export function sealHeader(fileKey: Uint8Array, recipients: readonly Uint8Array[]): Uint8Array {
  if (recipients.length === 0) throw new Error("nobody could open what is sealed for nobody");
  const stanzas = recipients.map((recipient) => stanzaFor(fileKey, recipient)).join("");
  const signed = `${VERSION_LINE}\n${stanzas}---`;
  const header = Buffer.from(`${signed} ${base64(macOf(fileKey, signed))}\n`);
  if (header.length > HEADER_BYTES_MAX) throw new Error(`${recipients.length} recipients are too many`);
  return header;
}

/**
 * The header, with its MAC line, of bytes that begin an age file; undefined when they begin none, or the header
 * is not all there.
 */
export function splitHeader(start: Uint8Array): Uint8Array | undefined {
  const bytes = Buffer.from(start.buffer, start.byteOffset, Math.min(start.length, HEADER_BYTES_MAX));
  if (!bytes.subarray(0, VERSION_LINE.length + 1).equals(Buffer.from(`${VERSION_LINE}\n`))) return undefined;
  const last = bytes.indexOf("\n--- ");
  const end = last === -1 ? -1 : bytes.indexOf(0x0a, last + 1);
  return end === -1 ? undefined : start.subarray(0, end + 1);
}

/**
 * The file key, 16 bytes; undefined when the header is damaged, or for others. Nothing is given out before the
 * header's MAC has been compared. Stanzas of other kinds are passed over; one of ours that is malformed spoils
 * the header. Source: C2SP age.md, "X25519 recipient stanza".
 */
export function openHeader(header: Uint8Array, identity: Uint8Array): Uint8Array | undefined {
  const parsed = parseHeader(header);
  if (parsed === undefined) return undefined;
  for (const stanza of parsed.stanzas) {
    if (stanza.words[0] !== STANZA_KIND) continue;
    const wrapKey = wrapKeyIn(stanza, identity);
    if (wrapKey === undefined) return undefined;
    const fileKey = unwrap(stanza.body, wrapKey);
    if (fileKey === undefined) continue;
    if (hasMacOf(fileKey, parsed)) return fileKey;
    fileKey.fill(0);
    return undefined;
  }
  return undefined;
}

/** Whether this is the header, unchanged, that was made with the file key. */
export function isHeaderOf(header: Uint8Array, fileKey: Uint8Array): boolean {
  const parsed = parseHeader(header);
  return parsed !== undefined && hasMacOf(fileKey, parsed);
}

interface Stanza {
  readonly words: readonly string[];
  readonly body: Uint8Array;
}

interface ParsedHeader {
  readonly stanzas: readonly Stanza[];
  /** What the MAC is over. */
  readonly signed: string;
  readonly mac: Uint8Array;
}

function stanzaFor(fileKey: Uint8Array, recipient: Uint8Array): string {
  const agreement = agreeOnce(recipient);
  if (agreement === undefined) throw new Error("the recipient is a point of low order");
  const share = agreement.own;
  const wrapKey = wrapKeyOf(agreement, share, recipient);
  const cipher = createCipheriv("chacha20-poly1305", wrapKey, NO_NONCE, { authTagLength: TAG_BYTES });
  const body = Buffer.concat([cipher.update(fileKey), cipher.final(), cipher.getAuthTag()]);
  wrapKey.fill(0);
  return `-> ${STANZA_KIND} ${base64(share)}\n${base64(body)}\n`;
}

/** Undefined when the stanza is not as one of our kind must be. */
function wrapKeyIn({ words, body }: Stanza, identity: Uint8Array): Buffer | undefined {
  const share = fromBase64(words[1] ?? "");
  if (words.length !== 2 || share?.length !== KEY_BYTES) return undefined;
  if (body.length !== FILE_KEY_BYTES + TAG_BYTES) return undefined;
  const agreement = agree(identity, share);
  return agreement === undefined ? undefined : wrapKeyOf(agreement, share, agreement.own);
}

/** The file key in a stanza's body, which is as long as it must be. Clears the wrap key. */
function unwrap(body: Uint8Array, wrapKey: Uint8Array): Uint8Array | undefined {
  const decipher = createDecipheriv("chacha20-poly1305", wrapKey, NO_NONCE, { authTagLength: TAG_BYTES });
  decipher.setAuthTag(body.subarray(FILE_KEY_BYTES));
  try {
    const fileKey = decipher.update(body.subarray(0, FILE_KEY_BYTES));
    decipher.final();
    return fileKey;
  } catch {
    return undefined;
  } finally {
    wrapKey.fill(0);
  }
}

/** Takes the secret over, and clears it. */
function wrapKeyOf({ secret }: KeyAgreement, share: Uint8Array, recipient: Uint8Array): Buffer {
  const salt = Buffer.concat([share, recipient]);
  const key = hkdfSync("sha256", secret, salt, `${VERSION_LINE}/${STANZA_KIND}`, 32);
  secret.fill(0);
  return Buffer.from(key);
}

function macOf(fileKey: Uint8Array, signed: string): Buffer {
  const key = Buffer.from(hkdfSync("sha256", fileKey, "", "header", 32));
  const mac = createHmac("sha256", key).update(signed, "latin1").digest();
  key.fill(0);
  return mac;
}

function hasMacOf(fileKey: Uint8Array, { signed, mac }: ParsedHeader): boolean {
  return timingSafeEqual(macOf(fileKey, signed), mac);
}

/** Strict: one way only to write a header. */
function parseHeader(header: Uint8Array): ParsedHeader | undefined {
  if (header.length > HEADER_BYTES_MAX) return undefined;
  const lines = Buffer.from(header).toString("latin1").split("\n");
  const macLine = lines.at(-2);
  if (lines[0] !== VERSION_LINE || lines.at(-1) !== "" || macLine?.startsWith("--- ") !== true)
    return undefined;
  const mac = fromBase64(macLine.slice(4));
  const stanzas = parseStanzas(lines.slice(1, -2));
  if (mac?.length !== 32 || stanzas === undefined) return undefined;
  return { stanzas, mac, signed: `${lines.slice(0, -2).join("\n")}\n---` };
}

function parseStanzas(lines: readonly string[]): readonly Stanza[] | undefined {
  const stanzas: Stanza[] = [];
  for (let at = 0; at < lines.length; ) {
    const line = lines[at] ?? "";
    if (!/^-> [\x21-\x7e]+(?: [\x21-\x7e]+)*$/.test(line)) return undefined;
    let text = "";
    for (at++; ; at++) {
      const part = lines[at];
      if (part === undefined || part.length > BODY_COLUMNS) return undefined;
      text += part;
      if (part.length < BODY_COLUMNS) break;
    }
    at++;
    const body = fromBase64(text);
    if (body === undefined) return undefined;
    stanzas.push({ words: line.slice(3).split(" "), body });
  }
  return stanzas.length === 0 ? undefined : stanzas;
}

/** Canonical, without padding. Source: RFC 4648, section 4. */
function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64").replaceAll("=", "");
}

function fromBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return base64(bytes) === text ? bytes : undefined;
}
