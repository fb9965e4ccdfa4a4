import { randomBytes } from "node:crypto";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readClient } from "../../src/address.ts";
import { clfTime } from "../support/log-lines.ts";
import { readableParts } from "../support/parquet-bytes.ts";
import { runHostlog } from "../support/run-hostlog.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

const now = "2026-03-01T12:00:00Z";
const nowMs = Date.parse(now);

/** A secret that nothing else in the world holds. */
function secret(name: string): string {
  return `${name}${randomBytes(9).toString("hex")}zq`;
}

/**
 * Secrets by the field they are planted in. None of these fields has a place in analytics; raw keeps each but
 * `tail`, which no record has.
 */
const canaries = {
  user: secret("user"),
  query: secret("query"),
  queryName: secret("name"),
  referrerPath: secret("refpath"),
  referrerQuery: secret("refquery"),
  referrerUser: secret("refuser"),
  agent: secret("Agent"),
  agentComment: secret("comment"),
  request: secret("junk"),
  client: secret("client"),
  mail: `${secret("mail")}@example.org`,
  token: randomBytes(32).toString("hex"),
};
const unkept = { tail: secret("tail"), ident: secret("ident") };
const addresses = ["203.0.113.177", "2001:db8:77:1234:5678:9abc:def0:4321"];

function logText(): string {
  const lines: string[] = [];
  for (let i = 0; i < 200; i++) {
    const time = `[${clfTime(nowMs - 3_600_000 - i * 1000)}]`;
    const client = addresses[i % 2];
    lines.push(
      `${client} - ${canaries.user} ${time} "GET /shop/${canaries.mail}/reset/${canaries.token}?${canaries.queryName}=${canaries.query} HTTP/1.1" 200 77 "https://${canaries.referrerUser}:pw@www.example.net/${canaries.referrerPath}?q=${canaries.referrerQuery}" "Mozilla/5.0 (X11; Linux x86_64; ${canaries.agentComment}) ${canaries.agent}/1.0 Firefox/128.0"`,
      `${client} - - ${time} "\\x16\\x03${canaries.request}" 400 0 "-" "-"`,
      `${canaries.client}.example.com - - ${time} "GET / HTTP/1.1" 200 5 "-" "${canaries.agent}"`,
      `${client} ${unkept.ident} - ${time} "GET / HTTP/1.1" 200 5 "-" "-" "${unkept.tail}"`,
      `unreadable ${canaries.query} ${client}`,
    );
  }
  return `${lines.join("\n")}\n`;
}

async function objectsOf(root: string): Promise<readonly string[]> {
  const names = await readdir(root, { recursive: true });
  return names.filter((name) => name.endsWith(".parquet")).map((name) => join(root, name));
}

/** Which of the secrets can be found anywhere in the parts, in any letter case. */
function found(
  parts: readonly Buffer[],
  secrets: Readonly<Record<string, string | Uint8Array>>,
): readonly string[] {
  return Object.entries(secrets)
    .filter(([, value]) => parts.some((part) => holds(part, value)))
    .map(([name]) => name);
}

function holds(part: Buffer, value: string | Uint8Array): boolean {
  if (typeof value !== "string") return part.includes(Buffer.from(value));
  return part.includes(value) || part.toString("latin1").toLowerCase().includes(value.toLowerCase());
}

/** A full address in every notation that could betray it: text, 16 or 4 bytes, the hidden half alone. */
function addressSecrets(): Record<string, string | Uint8Array> {
  const secrets: Record<string, string | Uint8Array> = { hiddenV6: "1234:5678:9abc", hiddenV4: ".113.177" };
  for (const address of addresses) {
    const key = readClient(address)?.key;
    if (key === undefined) throw new Error("no address");
    secrets[`${address} text`] = address;
    secrets[`${address} key`] = key;
    secrets[`${address} hex`] = Buffer.from(key).toString("hex");
  }
  secrets["v4 bytes"] = Uint8Array.of(203, 0, 113, 177);
  return secrets;
}

describe("the analytics view, our own messages and the ledger", () => {
  it("hold none of the secrets planted in fields that have no place there, while raw holds each", async () => {
    const folder = await temporaryFolder();
    const store = join(folder, "store");
    await writeFile(join(folder, "access.log"), logText());
    const common = ["--store", store, "--now", now];

    const ingested = await runHostlog(
      ["ingest", ...common, "--seal", "none", "--domain", "shop.example.org", join(folder, "access.log")],
      { directory: folder },
    );
    const planned = await runHostlog(["retention", "plan", ...common], { directory: folder });
    const verified = await runHostlog(["verify", ...common, "--sources"], { directory: folder });
    const refused = await runHostlog(["query", ...common, "--view", "analytics", "--agent", "x"], {
      directory: folder,
    });
    expect([ingested.status, planned.status, verified.status, refused.status]).toEqual([0, 0, 0, 64]);

    const partsOf = async (view: string): Promise<readonly Buffer[]> =>
      (await Promise.all((await objectsOf(join(store, view))).map(readableParts))).flat();
    const raw = await partsOf("raw");
    const analytics = await partsOf("analytics");
    const ledgerNames = (
      await readdir(join(store, "ledger"), { recursive: true, withFileTypes: true })
    ).filter((entry) => entry.isFile());
    const ledger = await Promise.all(
      ledgerNames.map((entry) => readFile(join(entry.parentPath, entry.name))),
    );
    const said = [ingested, planned, verified, refused].map(({ stdout, stderr }) =>
      Buffer.from(stdout + stderr),
    );

    const secrets: Readonly<Record<string, string | Uint8Array>> = { ...canaries, ...addressSecrets() };
    const rawFinds = new Set(found(raw, secrets));
    // Raw holds no address as hex text; all else that was planted is found there, so the scanner can see.
    const notFound = Object.keys(secrets).filter((name) => !rawFinds.has(name));
    expect(notFound).toEqual(Object.keys(secrets).filter((name) => name.endsWith(" hex")));

    expect(analytics.length).toBeGreaterThan(10);
    expect(found(analytics, { ...secrets, ...unkept })).toEqual([]);
    expect(found(raw, unkept)).toEqual([]);
    expect(found(ledger, { ...secrets, ...unkept })).toEqual([]);
    expect(found(said, { ...secrets, ...unkept })).toEqual([]);
  });
});
