import { armor } from "age-encryption";
import { decodeIdentity, encodeIdentity, encodeRecipient } from "../seal/age-text.ts";
import { recipientOf } from "../seal/x25519.ts";

const ARMOR_START = "-----BEGIN AGE ENCRYPTED FILE-----";
const BINARY_START = "age-encryption.org/v1\n";

/** An age identity file: the stock tools read it. `title` is one line for people. */
export function formatIdentityFile(title: string, identity: Uint8Array): Uint8Array {
  const recipient = encodeRecipient(recipientOf(identity));
  return Buffer.from(`# ${title}\n# public key: ${recipient}\n${encodeIdentity(identity)}\n`);
}

/** The lines of an identity file that are neither empty nor comments. */
export function identityLines(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

/** The first X25519 identity of an identity file, 32 bytes; undefined when it holds none. */
export function readIdentityFile(text: string): Uint8Array | undefined {
  for (const line of identityLines(text)) {
    const identity = decodeIdentity(line);
    if (identity !== undefined) return identity;
  }
  return undefined;
}

/** The bytes of a file that a person brings, as text for {@link CustodianSecrets}: an encrypted one is armored. */
export function identityTextOf(bytes: Uint8Array): string {
  const start = Buffer.from(bytes.subarray(0, BINARY_START.length)).toString("latin1");
  return start === BINARY_START ? armor.encode(bytes) : Buffer.from(bytes).toString("utf8");
}

/** An age file without its armor; undefined for text that is no armored age file. */
export function withoutArmor(text: string): Uint8Array | undefined {
  if (!text.trimStart().startsWith(ARMOR_START)) return undefined;
  try {
    return armor.decode(text);
  } catch {
    return undefined;
  }
}

/** The types of the stanzas of an age file, such as `X25519` or `ssh-ed25519`: for whom it is, as far as it says. */
export function stanzaTypes(ageFile: Uint8Array): readonly string[] {
  const header = Buffer.from(ageFile).toString("latin1").split("\n---", 1)[0] ?? "";
  return [...new Set([...header.matchAll(/^-> (\S+)/gm)].map((match) => match[1] ?? ""))];
}
