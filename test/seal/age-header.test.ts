import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  HEADER_BYTES_MAX,
  isHeaderOf,
  openHeader,
  sealHeader,
  splitHeader,
} from "../../src/seal/age-header.ts";
import { generateIdentity } from "../../src/seal/x25519.ts";

const { identity, recipient } = generateIdentity();
const fileKey = Buffer.from(randomBytes(16));

describe("a header", () => {
  it("gives the file key to each of its recipients, and to nobody else", () => {
    const other = generateIdentity();
    const header = sealHeader(fileKey, [other.recipient, recipient]);
    expect(openHeader(header, identity)).toEqual(fileKey);
    expect(openHeader(header, other.identity)).toEqual(fileKey);
    expect(openHeader(header, generateIdentity().identity)).toBeUndefined();
  });

  it("of one recipient takes 168 bytes", () => {
    expect(sealHeader(fileKey, [recipient])).toHaveLength(168);
  });

  it("is made for somebody, and for no more than anybody would read", () => {
    expect(() => sealHeader(fileKey, [])).toThrow("nobody");
    const most = sealHeader(
      fileKey,
      Array.from({ length: 41 }, () => recipient),
    );
    expect(most.length).toBeLessThanOrEqual(HEADER_BYTES_MAX);
    expect(splitHeader(most)).toEqual(most);
    expect(openHeader(most, identity)).toEqual(fileKey);
    expect(() =>
      sealHeader(
        fileKey,
        Array.from({ length: 42 }, () => recipient),
      ),
    ).toThrow("too many");
  });

  it("is not made for a recipient whose secret everybody knows", () => {
    const one = Uint8Array.of(1, ...new Uint8Array(31));
    for (const point of [new Uint8Array(32), one]) {
      expect(() => sealHeader(fileKey, [point])).toThrow("low order");
    }
  });

  it("belongs to one file key, as long as no bit of it is changed", () => {
    const header = Buffer.from(sealHeader(fileKey, [recipient]));
    expect(isHeaderOf(header, fileKey)).toBe(true);
    expect(isHeaderOf(header, randomBytes(16))).toBe(false);
    for (let bit = 0; bit < header.length * 8; bit++) {
      const changed = Buffer.from(header);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(isHeaderOf(changed, fileKey), `bit ${bit}`).toBe(false);
    }
  });

  it("is found at the beginning of bytes, whole or not at all", () => {
    const header = Buffer.from(sealHeader(fileKey, [recipient]));
    expect(splitHeader(Buffer.concat([header, randomBytes(100)]))).toEqual(header);
    for (let length = 0; length < header.length; length++) {
      expect(splitHeader(header.subarray(0, length))).toBeUndefined();
    }
    expect(splitHeader(randomBytes(5000))).toBeUndefined();
    expect(splitHeader(Buffer.from("PAR1"))).toBeUndefined();
  });
});
