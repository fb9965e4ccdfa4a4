import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { addDays } from "../../src/day.ts";
import type { KeyEntry } from "../../src/keyring/keyring.ts";
import { createRecipientBook, type RecipientBook } from "../../src/recipients/recipient-book.ts";
import { seriesOfEntries } from "../../src/recipients/series-of-entries.ts";
import { encodeRecipient } from "../../src/seal/age-text.ts";
import { type DayKeyName, formatDayKey, type SealedView, sealedViews } from "../../src/seal/day-key-name.ts";
import { day } from "../keyring/support/keyring-world.ts";

const start = day("2026-02-25");
const classNames = ["standard", "short"];

const anyName: fc.Arbitrary<DayKeyName> = fc
  .record({
    view: fc.constantFrom<SealedView>(...sealedViews),
    retentionClass: fc.constantFrom(...classNames),
    offset: fc.nat(12),
  })
  .map(({ offset, ...rest }) => ({ ...rest, day: addDays(start, offset) }));

/** Whatever a keyring may hold, gaps included, in no order. */
const anyEntries: fc.Arbitrary<readonly KeyEntry[]> = fc.uniqueArray(
  fc
    .tuple(anyName, fc.uint8Array({ minLength: 32, maxLength: 32 }), fc.boolean())
    .map(([name, recipient, isDestroyed]) => ({
      ...name,
      recipient: encodeRecipient(recipient),
      createdAt: "2026-11-22T09:00:00.000Z",
      destroyedAt: isDestroyed ? "2026-11-22T09:00:00.000Z" : undefined,
    })),
  { selector: formatDayKey, maxLength: 30 },
);

function bookOf(entries: readonly KeyEntry[]): RecipientBook {
  const series = seriesOfEntries(entries);
  return createRecipientBook({ version: 1, store: "a", generation: 1, at: "2026-11-22T09:00:00Z", series });
}

function entry(view: SealedView, date: string, retentionClass = "standard"): KeyEntry {
  return {
    view,
    retentionClass,
    day: day(date),
    recipient: encodeRecipient(Buffer.alloc(32, 7)),
    createdAt: "2026-11-22T09:00:00Z",
    destroyedAt: undefined,
  };
}

describe("a recipient book", () => {
  it("answers each day of each view and class as the keyring has it", () => {
    fc.assert(
      fc.property(anyEntries, anyName, (entries, other) => {
        const book = bookOf(entries);
        const known = new Map(entries.map((one) => [formatDayKey(one), one]));
        for (const name of [...entries, other]) {
          const found = known.get(formatDayKey(name));
          const answer = book.recipientOf(name);
          if (found === undefined) expect(answer).toEqual({ kind: "missing" });
          else if (found.destroyedAt !== undefined) expect(answer).toEqual({ kind: "destroyed" });
          else {
            expect(answer.kind === "open" && encodeRecipient(answer.recipient)).toBe(found.recipient);
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it("says up to which day each view and class has a key", () => {
    expect(bookOf([]).lastDay).toBeUndefined();
    const entries = [
      entry("raw", "2026-11-22"),
      entry("raw", "2026-11-24"),
      entry("quarantine", "2026-11-23"),
      entry("raw", "2026-11-30", "short"),
    ];
    expect(bookOf(entries).lastDay).toBe("2026-11-23");
  });
});

describe("what is published of a keyring", () => {
  it("is one series for each run of days of a view and class, and nothing private", () => {
    const days = ["2026-12-01", "2026-11-30", "2026-12-03"].map((date) => entry("raw", date));
    const destroyed = { ...entry("raw", "2026-11-29"), destroyedAt: "2026-11-22T09:00:00Z" };
    const { recipient } = entry("raw", "2026-11-30");
    expect(seriesOfEntries([...days, entry("quarantine", "2026-12-02"), destroyed])).toEqual([
      { view: "quarantine", retentionClass: "standard", firstDay: "2026-12-02", recipients: [recipient] },
      {
        view: "raw",
        retentionClass: "standard",
        firstDay: "2026-11-29",
        recipients: [null, recipient, recipient],
      },
      { view: "raw", retentionClass: "standard", firstDay: "2026-12-03", recipients: [recipient] },
    ]);
  });
});
