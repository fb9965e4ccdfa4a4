import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { parseAnswer } from "../../src/custodian/wire-answer.ts";
import { encodeRequest } from "../../src/custodian/wire-request.ts";
import { decodeIdentity, encodeIdentity } from "../../src/seal/age-text.ts";
import { openForIdentity } from "../../src/seal/open-bytes.ts";
import {
  type CustodianWorld,
  createCustodianWorld,
  FIRST_DAY,
  rawOf,
  requestOf,
  STORE_ID,
  serveWorld,
} from "./support/custodian-world.ts";
import { identity, post, recipient, tell } from "./support/raw-client.ts";

/** Every private key of the keyring, found by its files and not by the code that is tested. */
async function privateKeysOf({ keyring, unlocked }: CustodianWorld): Promise<readonly Uint8Array[]> {
  const text = await readFile(join(keyring.folder, "custodian.key"), "utf8");
  const own = decodeIdentity(/AGE-SECRET-KEY-1\w+/.exec(text)?.[0] ?? "");
  if (own === undefined) throw new Error("the custodian identity was not found");
  const keys = [own];
  for (const entry of await keyring.entries()) {
    const answer = await unlocked.identityOf(entry);
    if (answer.kind === "identity") keys.push(answer.identity);
  }
  return keys;
}

/** The ways in which a private key could be written. */
function spellingsOf(key: Uint8Array): readonly string[] {
  const bytes = Buffer.from(key);
  return [
    bytes.toString("latin1"),
    bytes.toString("hex"),
    bytes.toString("base64").replaceAll("=", ""),
    bytes.toString("base64url"),
    encodeIdentity(key),
  ];
}

function isIn(text: string, keys: readonly Uint8Array[]): boolean {
  const folded = text.toLowerCase();
  return keys.some((key) =>
    spellingsOf(key).some((one) => text.includes(one) || folded.includes(one.toLowerCase())),
  );
}

/** Every age header in the files of the keyring: those of day keys and of the provider's key. */
async function wrappedHeaders(folder: string): Promise<readonly Buffer[]> {
  const headers: Buffer[] = [];
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const bytes = await readFile(join(entry.parentPath, entry.name));
    const wrapped = bytes.toString("latin1").match(/YWdlLWVuY3J5cHRpb24[A-Za-z0-9+/=]+/g) ?? [];
    const files = [bytes, ...wrapped.map((text) => Buffer.from(text, "base64"))];
    for (const file of files) {
      const [header] = /^age-encryption\.org\/v1\n[\s\S]*?\n--- [^\n]*\n/.exec(file.toString("latin1")) ?? [];
      if (header !== undefined) headers.push(Buffer.from(header, "latin1"));
    }
  }
  return headers;
}

describe("a day's key", () => {
  it("would be found, if it were given out in any of these spellings", async () => {
    const keys = await privateKeysOf(await createCustodianWorld());
    expect(keys).toHaveLength(10);
    for (const key of keys)
      for (const one of spellingsOf(key)) expect(isIn(`{"x":"${one}"}`, keys)).toBe(true);
    expect(isIn("{}", keys)).toBe(false);
  });

  it("never leaves the custodian, whatever it is asked", async () => {
    const world = await createCustodianWorld();
    const served = await serveWorld(world);
    const keys = await privateKeysOf(world);
    const said: string[] = [];
    const opened: Buffer[] = [];
    const ask = async (header: Uint8Array, view: "raw" | "quarantine", key: string): Promise<void> => {
      const request = requestOf({ view, key, header });
      const { body, status } = await post(
        served.path,
        encodeRequest({ storeId: STORE_ID, recipient, request }),
      );
      said.push(body);
      if (status !== 200) return;
      const [answer] = parseAnswer(body, identity, 1) ?? [];
      if (answer?.kind === "opened") opened.push(Buffer.from(answer.fileKey));
      const { file_keys: sealed } = JSON.parse(body) as { readonly file_keys: string };
      said.push(Buffer.from(openForIdentity(Buffer.from(sealed, "base64"), identity)).toString("latin1"));
    };

    const entries = await world.keyring.entries();
    const known = await Promise.all(entries.map((entry) => world.headerOf(entry)));
    // The headers of objects, under their own names and under each other's.
    for (const { header } of known.slice(0, 4)) {
      for (const { view, key } of known) await ask(header, view, key);
    }
    // What the keyring holds wrapped, put to it as if it were an object.
    const wrapped = await wrappedHeaders(world.keyring.folder);
    expect(wrapped.length).toBeGreaterThanOrEqual(entries.length);
    for (const header of wrapped)
      await ask(header, "raw", known.find(({ view }) => view === "raw")?.key ?? "");
    for (const [path, method] of [
      ["/", "GET"],
      ["/health", "GET"],
      ["/open-headers", "GET"],
      ["/keys", "GET"],
      ["/identities/raw/2026-11-20/standard", "GET"],
      [`/../${STORE_ID}/custodian.key`, "GET"],
      ["/health", "POST"],
      ["/open-headers", "PUT"],
    ] as const) {
      said.push((await tell(served.path, path, method)).body);
    }
    const one = await world.headerOf(rawOf(FIRST_DAY));
    await ask(one.header, one.view, "../custodian.key");

    expect(opened.map(String)).toEqual(
      known.slice(0, 4).map(({ fileKey }) => Buffer.from(fileKey).toString()),
    );
    expect(said.filter((text) => isIn(text, keys))).toEqual([]);
    expect(isIn(served.lines.join("\n"), keys)).toBe(false);
  });
});
