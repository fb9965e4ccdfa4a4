import { createCipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { sealHeader } from "../../../src/seal/age-header.ts";
import { generateIdentity } from "../../../src/seal/x25519.ts";

/** For whom the files here are made. */
export const pair = generateIdentity();

export const CHUNK_BYTES = 64 * 1024;

export const fileKey = randomBytes(16);

export interface HandMadeHeader {
  /** Before the stanza that opens. */
  readonly stanzas?: string;
  /** Behind it. */
  readonly stanzasBehind?: string;
  /** What is done to the text up to `---`, over which the MAC is then made, so that it is right. */
  readonly change?: (signed: string) => string;
  /** What is done to the last line: `--- MAC` and a newline. */
  readonly changeLast?: (line: string) => string;
}

/** A header by its text, with a right MAC whatever the text: what refuses it has understood why. */
export function handMadeHeader({
  stanzas = "",
  stanzasBehind = "",
  change,
  changeLast,
}: HandMadeHeader): Buffer {
  const made = Buffer.from(sealHeader(fileKey, [pair.recipient])).toString("latin1");
  const own = made.slice(made.indexOf("\n") + 1, made.lastIndexOf("---"));
  const text = `age-encryption.org/v1\n${stanzas}${own}${stanzasBehind}---`;
  const signed = change === undefined ? text : change(text);
  const key = Buffer.from(hkdfSync("sha256", fileKey, "", "header", 32));
  const mac = createHmac("sha256", key).update(signed, "latin1").digest("base64").replaceAll("=", "");
  const last = `--- ${mac}\n`;
  const lastLine = changeLast === undefined ? last : changeLast(last);
  return Buffer.from(signed.slice(0, -"---".length) + lastLine, "latin1");
}

export interface HandMadeChunk {
  readonly plainBytes: number;
  readonly number?: number;
  readonly isLast?: boolean;
}

/** A nonce, and chunks that are each sealed well, with the numbers and lengths that they are given. */
export function handMadePayload(chunks: readonly HandMadeChunk[]): Buffer {
  const nonce = randomBytes(16);
  const key = Buffer.from(hkdfSync("sha256", fileKey, nonce, "payload", 32));
  const sealed = chunks.map(({ plainBytes, number, isLast }, index) => {
    const counter = Buffer.alloc(12);
    counter.writeUInt32BE(number ?? index, 7);
    counter[11] = (isLast ?? index === chunks.length - 1) ? 1 : 0;
    const cipher = createCipheriv("chacha20-poly1305", key, counter, { authTagLength: 16 });
    return Buffer.concat([cipher.update(Buffer.alloc(plainBytes, "a")), cipher.final(), cipher.getAuthTag()]);
  });
  return Buffer.concat([nonce, ...sealed]);
}

/** A file whose header is hand-made, and whose payload is as it should be. */
export function fileWithHeader(header: HandMadeHeader): Buffer {
  return Buffer.concat([handMadeHeader(header), handMadePayload([{ plainBytes: 5 }])]);
}

/** A file whose payload is hand-made, and whose header is as it should be. */
export function fileWithPayload(payload: Uint8Array): Buffer {
  return Buffer.concat([handMadeHeader({}), payload]);
}
