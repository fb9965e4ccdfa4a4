import { describe, expect, it } from "vitest";
import { groupCanMatch } from "../../query/group-can-match.ts";
import type { FooterChunk, ParquetFooter } from "../../src/parquet/read-footer.ts";
import { questionOf } from "./support/query-world.ts";

const columns = ["time", "domain", "client_ip_key", "client_text"];
const noonMs = Date.parse("2026-11-22T12:00:00Z");

function chunk(min?: Uint8Array, max?: Uint8Array, isAllNull = false): FooterChunk {
  return {
    range: { start: 4, end: 8 },
    bounds: min === undefined || max === undefined ? undefined : { min, max },
    isAllNull,
  };
}

function time(ms: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(ms), true);
  return bytes;
}

const key = (last: number): Uint8Array =>
  Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 192, 0, 2, last);

/** From 10:00 to 11:00, sites from b to m, addresses from 192.0.2.16 to 192.0.2.31. */
const usual = {
  time: chunk(time(noonMs - 7_200_000), time(noonMs - 3_600_000)),
  domain: chunk(Buffer.from("b.example.org"), Buffer.from("m.example.org")),
  client_ip_key: chunk(key(16), key(31)),
  client_text: chunk(undefined, undefined, true),
};

function canMatch(asked: Parameters<typeof questionOf>[0], change: Partial<typeof usual> = {}): boolean {
  const chunks = Object.values({ ...usual, ...change });
  const footer: ParquetFooter = { createdBy: "", columns, groups: [{ chunks }], fields: {}, start: 8 };
  return groupCanMatch(questionOf(asked, noonMs), footer, { chunks });
}

describe("groupCanMatch", () => {
  it.each<[string, Parameters<typeof questionOf>[0], boolean]>([
    ["everything of the day", { since: "1d" }, true],
    ["from the last instant", { from: "2026-11-22T11:00:00Z" }, true],
    ["from an instant later", { from: "2026-11-22T11:00:00.001Z" }, false],
    ["up to the first instant, which is not in it", { from: "today", until: "2026-11-22T10:00:00Z" }, false],
    ["up to an instant later", { from: "today", until: "2026-11-22T10:00:00.001Z" }, true],
    ["the first site", { domain: ["b.example.org"] }, true],
    ["the last site", { domain: ["m.example.org"] }, true],
    ["a site before", { domain: ["a.example.org"] }, false],
    ["a site behind", { domain: ["n.example.org"] }, false],
    ["one of two sites", { domain: ["a.example.org", "c.example.org"] }, true],
    ["every site below a name, which bounds do not tell", { domain: ["*.example.net"] }, true],
    ["the first address", { address: ["192.0.2.16"] }, true],
    ["the last address", { address: ["192.0.2.31"] }, true],
    ["an address before", { address: ["192.0.2.15"] }, false],
    ["a network behind", { address: ["192.0.2.32/27"] }, false],
    ["a network around it", { address: ["192.0.2.0/24"] }, true],
    ["another kind of address", { address: ["2001:db8::/32"] }, false],
  ])("of %s", (_what, asked, expected) => {
    expect(canMatch({ ...(asked.from === undefined ? { since: "1d" } : {}), ...asked })).toBe(expected);
  });

  it("does not trust what is not there", () => {
    const asked = { since: "1d", domain: ["z.example.org"] };
    expect(canMatch(asked, { domain: chunk() })).toBe(true);
    expect(canMatch({ since: "1m" }, { time: chunk(Buffer.of(0), Buffer.of(0)) })).toBe(true);
    expect(canMatch({ since: "1d", address: ["192.0.2.1"] }, { client_ip_key: chunk() })).toBe(true);
  });

  it("looks into every group with lists of addresses, and into none without any address", () => {
    const asked = { since: "1d", address: ["192.0.2.1"] };
    expect(canMatch(asked, { client_text: chunk(Buffer.from("a"), Buffer.from("b")) })).toBe(true);
    expect(canMatch(asked, { client_ip_key: chunk(undefined, undefined, true) })).toBe(false);
  });
});
