import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createTimeMemory, readClfTime } from "../../../ingest/format/clf-time.ts";

describe("readClfTime", () => {
  it.each([
    ["22/Nov/2026:09:15:00 +0000", "2026-11-22T09:15:00.000Z"],
    ["01/Jan/1970:00:00:00 +0000", "1970-01-01T00:00:00.000Z"],
    ["31/Dec/1969:23:59:59 +0000", "1969-12-31T23:59:59.000Z"],
    ["19/Jan/2038:03:14:08 +0000", "2038-01-19T03:14:08.000Z"],
    ["29/Feb/2028:00:00:00 +0545", "2028-02-28T18:15:00.000Z"],
    ["01/Jan/2027:00:30:00 +1400", "2026-12-31T10:30:00.000Z"],
    ["01/Jan/0001:00:00:00 -2359", "0001-01-01T23:59:00.000Z"],
    ["31/Dec/9999:23:59:59 +0000", "9999-12-31T23:59:59.000Z"],
    ["31/dec/2026:23:59:60 +0000", "2026-12-31T23:59:59.999Z"],
  ])("reads %s", (text, expected) => {
    expect(new Date(read(text) ?? Number.NaN).toISOString()).toBe(expected);
  });

  it.each([
    "31/Feb/2026:00:00:00 +0000",
    "29/Feb/2026:00:00:00 +0000",
    "00/Jan/2026:00:00:00 +0000",
    "22/Okt/2026:00:00:00 +0000",
    "22/Nov/2026:24:00:00 +0000",
    "22/Nov/2026:00:60:00 +0000",
    "22/Nov/2026:00:00:61 +0000",
    "22/Nov/2026:00:00:00 +2400",
    "22/Nov/2026:00:00:00 +9999",
    "22/Nov/2026:00:00:00 +0060",
    "01/Jan/0000:00:00:00 +0100",
    "31/Dec/9999:23:59:59 -0100",
  ])("finds the shape of %s but no instant", (text) => {
    expect(read(text)).toBeNaN();
  });

  it.each([
    "2/Nov/2026:09:15:00 +0000.",
    "22/11./2026:09:15:00 +0000",
    "22/Nov/2026 09:15:00 +0000",
    "22/Nov/2026:09:15:00 00000",
    "22/Nov/2026:09:15:00 +00:0",
    "22/Nov/2026:09:15:00 +000",
  ])("finds no time in %s", (text) => {
    expect(read(text)).toBeUndefined();
  });

  it("reads every second of nine thousand years as the calendar has it, in any offset", () => {
    const instant = fc.date({
      min: new Date("0002-01-01T00:00:00Z"),
      max: new Date("9998-12-31T00:00:00Z"),
      noInvalidDate: true,
    });
    const memory = createTimeMemory();
    fc.assert(
      fc.property(instant, fc.integer({ min: -1439, max: 1439 }), (date, offset) => {
        const ms = Math.floor(date.getTime() / 1000) * 1000;
        const bytes = Buffer.from(written(ms, offset));
        for (const again of [1, 2]) {
          expect([again, readClfTime(memory, bytes, 0, bytes.length), memory.ms]).toEqual([again, true, ms]);
        }
      }),
    );
  });
});

/** Undefined when there is no time, NaN when it is no instant. */
function read(text: string): number | undefined {
  const memory = createTimeMemory();
  return readClfTime(memory, Buffer.from(text), 0, text.length) ? memory.ms : undefined;
}

function written(ms: number, offset: number): string {
  const [date = "", time = ""] = new Date(ms + offset * 60_000).toISOString().split("T");
  const [year, month, day] = date.split("-");
  const name = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ")[Number(month) - 1];
  const zone = `${offset < 0 ? "-" : "+"}${two(Math.floor(Math.abs(offset) / 60))}${two(Math.abs(offset) % 60)}`;
  return `${day}/${name}/${year}:${time.slice(0, 8)} ${zone}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
