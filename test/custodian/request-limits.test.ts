import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { admitOnRecord } from "../../src/custodian/admission.ts";
import type { SealedHeader } from "../../src/custodian/custodian.ts";
import { renderRequest } from "../../src/custodian/render-request.ts";
import {
  DAY_KEYS_MAX,
  HEADER_BYTES_SUM_MAX,
  HEADERS_MAX,
  problemOfRequest,
  splitRequest,
} from "../../src/custodian/request-limits.ts";
import { addDays, type Day } from "../../src/day.ts";
import { exitCode } from "../../src/exit-code.ts";
import { HEADER_BYTES_MAX } from "../../src/seal/age-header.ts";
import { objectKeyOf, rawOf, requestOf } from "./support/custodian-world.ts";

const first = "2026-01-01" as Day;

function headerOfDay(index: number, sizeBytes = 200, view: SealedHeader["view"] = "raw"): SealedHeader {
  return { view, key: objectKeyOf(rawOf(addDays(first, index))), header: new Uint8Array(sizeBytes) };
}

function many(count: number, make: (index: number) => SealedHeader): readonly SealedHeader[] {
  return Array.from({ length: count }, (_, index) => make(index));
}

describe("a request", () => {
  const good = headerOfDay(0);

  it.each([
    ["of one object", requestOf(good)],
    ["of the most objects", requestOf(...many(HEADERS_MAX, () => good))],
    ["of the most days", requestOf(...many(DAY_KEYS_MAX, (index) => headerOfDay(index)))],
  ])("%s is admitted", (_, request) => {
    expect(problemOfRequest(request)).toBeUndefined();
  });

  const sum = HEADER_BYTES_SUM_MAX / HEADER_BYTES_MAX;
  it.each([
    ["without an id", { ...requestOf(good), lookup: "" }, /id is not 32 hex digits/],
    ["with an id that is a text", { ...requestOf(good), lookup: "x".repeat(32) }, /id is not 32 hex digits/],
    ["of nothing", requestOf(), /no object/],
    ["of too many objects", requestOf(...many(HEADERS_MAX + 1, () => good)), /more than 1000 objects/],
    ["of too many days", requestOf(...many(DAY_KEYS_MAX + 1, (index) => headerOfDay(index))), /100 days/],
    [
      "of too many days in two views",
      requestOf(
        ...many(DAY_KEYS_MAX + 1, (i) => headerOfDay(i >> 1, 200, i % 2 === 0 ? "raw" : "quarantine")),
      ),
      /100 days/,
    ],
    ["of plain objects", requestOf({ ...good, key: good.key.replace(".age", "") }), /no sealed object/],
    ["of what is no object", requestOf({ ...good, key: "../../etc/shadow" }), /no sealed object/],
    [
      "of headers that are too long together",
      requestOf(...many(Math.ceil(sum) + 1, () => headerOfDay(0, HEADER_BYTES_MAX))),
      /bytes/,
    ],
  ])("%s is not", (_, request, problem) => {
    expect(problemOfRequest(request)).toMatch(problem);
  });

  it("of a look-up of any size is split into some that are admitted, and nothing of it is lost", () => {
    const sizes = fc.constantFrom(0, 200, 5000, HEADER_BYTES_MAX, HEADER_BYTES_MAX + 1);
    const runs = fc.tuple(fc.nat(300), sizes, fc.integer({ min: 1, max: 700 }));
    fc.assert(
      fc.property(fc.array(runs, { minLength: 1, maxLength: 6 }), fc.boolean(), (shape, isSpread) => {
        const headers = shape.flatMap(([day, sizeBytes, count]) =>
          many(count, (index) => headerOfDay(isSpread ? day + index : day, sizeBytes)),
        );
        const parts = splitRequest(requestOf(...headers));
        for (const part of parts) expect(problemOfRequest(part)).toBeUndefined();
        const sent = parts.flatMap((part) => part.headers);
        expect(sent.map(({ key }) => key)).toEqual(headers.map(({ key }) => key));
        expect(sent.map(({ header }) => header.length)).toEqual(
          headers.map(({ header }) => (header.length > HEADER_BYTES_MAX ? 0 : header.length)),
        );
      }),
      { numRuns: 30 },
    );
  });

  it("of nothing is no request", () => {
    expect(splitRequest(requestOf())).toEqual([]);
  });
});

describe("the line of a request", () => {
  it("says who asks for how much of which days, and names no object", () => {
    const headers = [5, 0, 1, 2, 2].map((index) => headerOfDay(index));
    const line = renderRequest(requestOf(...headers, headerOfDay(9, 200, "quarantine")), '"investigator"');
    expect(line).toBe(
      'look-up 0123456789abcdef0123456789abcdef: query by "investigator", 6 objects: ' +
        "raw 2026-01-01 to 2026-01-03, 2026-01-06; quarantine 2026-01-10",
    );
  });

  it("is one line, whatever the certificate calls itself", () => {
    const name = `a\nlook-up 0: query by nobody\u001b[2K${"b".repeat(500)}`;
    const line = renderRequest(requestOf(headerOfDay(0)), name);
    expect(line).not.toMatch(/\p{Cc}/u);
    expect(line.length).toBeLessThan(300);
  });

  it("is written before the request is admitted; if it cannot be, the request is not", async () => {
    const lines: string[] = [];
    const admit = admitOnRecord(async (line) => {
      lines.push(line);
    }, "somebody");
    await admit(requestOf(headerOfDay(0)));
    expect(lines).toEqual([renderRequest(requestOf(headerOfDay(0)), "somebody")]);
    const full = admitOnRecord(() => Promise.reject(new Error("ENOSPC")), "somebody");
    await expect(full(requestOf(headerOfDay(0)))).rejects.toMatchObject({
      exitCode: exitCode.tryAgain,
      message: expect.stringContaining("opens nothing that it has not written down"),
    });
  });
});
