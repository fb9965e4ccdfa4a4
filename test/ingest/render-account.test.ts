import { describe, expect, it } from "vitest";
import type { FileAccount, IngestAccount } from "../../ingest/ingest-account.ts";
import { renderAccount } from "../../ingest/render-account.ts";

function file(
  name: string,
  report: Record<string, unknown> = {},
  more: Record<string, unknown> = {},
): FileAccount {
  const nothing = {
    readBytes: 10,
    unfinishedBytes: 0,
    unknownDomainLines: 0,
    linesWithUnkeptFields: 0,
    destroyedDayLines: 0,
    otherLayouts: {},
    damage: undefined,
  };
  return {
    name,
    outcome: {
      kind: "read",
      format: "combined",
      knownBytes: 0,
      uncomparedBytes: 0,
      ...more,
      report: { ...nothing, ...report },
    },
  };
}

const account: IngestAccount = {
  node: "web01",
  files: [file("access.log")],
  batches: 1,
  lines: 1,
  stored: 1,
  quarantined: {},
  refused: 0,
  bytes: 10,
  objects: { raw: { objects: 1, bytes: 999 }, analytics: { objects: 2, bytes: 1_500_000 } },
  resumedBatches: 0,
  seconds: 0.5,
  isInterrupted: false,
};

describe("renderAccount", () => {
  it("says what was read and what became of it", () => {
    expect(renderAccount(account)).toBe(
      [
        "read         1 line, 10 B from 1 file in 0.5 s (2 lines/s)",
        "stored       1 line in 1 batch: raw 1 object 999 B, analytics 2 objects 1.4 MiB",
        "quarantined  0 lines",
        "refused      0 lines",
        "format       combined (1 file)",
        "",
      ].join("\n"),
    );
  });

  it("groups digits, and knows the plural", () => {
    const text = renderAccount({
      ...account,
      lines: 1_234_567,
      batches: 2,
      bytes: 12_345,
      files: [file("a"), file("b")],
    });
    expect(text).toContain("read         1,234,567 lines, 12.1 KiB from 2 files");
    expect(text).toContain("in 2 batches");
  });

  it("names each reason of quarantine with its lines, and says what is past its term", () => {
    const text = renderAccount({ ...account, quarantined: { shape: 1200, time: 1 }, refused: 3 });
    expect(text).toContain("quarantined  1,201 lines: shape 1,200, time 1\n");
    expect(text).toContain("refused      3 lines past their term, stored nowhere\n");
  });

  it("says which lines were refused for a key that was destroyed", () => {
    const files = [file("a", { destroyedDayLines: 1000 }), file("b", { destroyedDayLines: 1 })];
    expect(renderAccount({ ...account, files, refused: 1003 })).toContain(
      "refused      1,003 lines past their term, or of days whose keys were destroyed (1,001), stored nowhere\n",
    );
  });

  it("says what nobody would look for", () => {
    const files = [
      file("a", { unfinishedBytes: 7, unknownDomainLines: 2 }, { knownBytes: 2_000_000 }),
      file("b", { linesWithUnkeptFields: 5 }, { format: "common" }),
      { name: "c", outcome: { kind: "empty", unfinishedBytes: 5, damage: undefined } } as const,
    ];
    const text = renderAccount({ ...account, files, resumedBatches: 2 });
    expect(text).toContain("known        1.9 MiB in 1 file were stored before");
    expect(text).toContain("format       combined (1 file)\nformat       common (1 file)\n");
    expect(text).toContain('domain       2 lines name no site and were stored as "unknown"');
    expect(text).toContain("not kept     5 lines hold fields that have no place");
    expect(text).toContain("unfinished   12 B at the end of files");
    expect(text).toContain("resumed      2 batches of an interrupted run");
  });

  it("names files that could not be read whole, the first twenty, with what to do", () => {
    const files: FileAccount[] = Array.from({ length: 23 }, (_, i) =>
      file(`log-${i}`, { damage: "it became shorter while it was read" }),
    );
    const text = renderAccount({
      ...account,
      files: [
        { name: "none.log", outcome: { kind: "unreadable", message: "there is no such file" } },
        { name: "odd.log", outcome: { kind: "unknown-format", sampledLines: 9 } },
        file("good.log"),
        ...files,
      ],
    });
    expect(text).toContain("problem      none.log: there is no such file; nothing of it was read\n");
    expect(text).toContain("problem      odd.log: the format does not fit most of its lines (9 tried)");
    expect(text).toContain(
      "problem      log-0: it became shorter while it was read; the lines before that place were read\n",
    );
    expect(text).toContain("problem      log-17:");
    expect(text).not.toContain("log-18:");
    expect(text.endsWith("problem      and 5 more files\n")).toBe(true);
    expect(text).not.toContain("good.log");
  });
});
