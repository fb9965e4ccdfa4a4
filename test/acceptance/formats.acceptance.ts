import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { detectFormat } from "../../ingest/format/detect-format.ts";
import type { LineFormat } from "../../ingest/format/line-format.ts";
import { createMixedFormat } from "../../ingest/format/mixed-format.ts";
import { presets } from "../../ingest/format/presets.ts";
import { readFormat } from "../../ingest/format/read-format.ts";
import { type LineRecord, readLineRecord } from "../support/line-record.ts";
import { type Disagreement, disagreements } from "./disagreements.ts";

/** One case of a peer's own test suite. A key that is missing in `expect` is not asserted. */
interface PeerCase {
  readonly id: string;
  readonly family: string;
  readonly format?: string;
  readonly line?: string;
  readonly line_b64?: string;
  readonly reject?: boolean;
  readonly expect?: Readonly<Record<string, string | number | null>>;
}

const corpus = process.env["HOSTLOG_CORPUS"] ?? resolve(import.meta.dirname, "../../../shared/corpus");
const casesPath = join(corpus, "cases", "peers.jsonl");

const cases = readFileSync(casesPath, "utf8")
  .split("\n")
  .filter((text) => text !== "")
  .map((text) => JSON.parse(text) as PeerCase)
  .filter(({ family }) => family.startsWith("clf-"));

/** Names and remarks that stand where others have the server's own text. */
const remark = / (?:alone|\(Jetty\))$/;

describe("the corpus", () => {
  it("is there, with cases of all three CLF families", () => {
    expect(existsSync(casesPath)).toBe(true);
    expect(new Set(cases.map(({ family }) => family)).size).toBe(3);
  });
});

describe.each(cases.filter(({ family }) => family !== "clf-custom-or-other"))(
  "detection alone, $id",
  (peer) => {
    it("reads what the peer reads, or differs for a listed reason", () => {
      const bytes = bytesOf(peer);
      const detection = detectFormat(bytes);
      const format =
        detection.kind === "found" ? createMixedFormat(detection.format, Object.values(presets)) : undefined;
      settle(peer, "detection", format === undefined ? { reason: "shape" } : readLineRecord(format, bytes));
    });
  },
);

describe.each(cases.filter(({ format = "" }) => isServerText(format)))(
  "the server's own text, $id",
  (peer) => {
    it("reads what the peer reads, or differs for a listed reason", () => {
      settle(peer, "format", readByText(peer));
    });
  },
);

describe("the list of disagreements", () => {
  it("names only cases of the corpus, each once for each way", () => {
    const ids = new Set(cases.map(({ id }) => id));
    expect(disagreements.filter(({ id }) => !ids.has(id))).toEqual([]);
    expect(new Set(disagreements.map(({ id, by }) => `${id} ${by}`)).size).toBe(disagreements.length);
  });
});

function isServerText(format: string): boolean {
  return /[$%]\{?[<>!\w]/.test(format);
}

function readByText(peer: PeerCase): LineRecord {
  let format: LineFormat | "auto";
  try {
    format = readFormat((peer.format ?? "").replace(remark, ""));
  } catch {
    return { reason: "the format is refused" };
  }
  return format === "auto" ? { reason: "auto" } : readLineRecord(format, bytesOf(peer));
}

/** A listed case must differ and any other must not, so that the list cannot go stale. */
function settle(peer: PeerCase, by: Disagreement["by"], record: LineRecord): void {
  const listed = disagreements.find((each) => each.id === peer.id && each.by === by);
  const differences = differencesOf(peer, record);
  if (listed === undefined) expect(differences).toEqual([]);
  else expect(differences, "agrees after all: take it off the list").not.toEqual([]);
}

/** The names of the asserted values that differ: names only, for a line may hold a real visitor's address. */
function differencesOf({ reject, expect: expected = {} }: PeerCase, record: LineRecord): readonly string[] {
  if (reject === true) return "reason" in record ? [] : ["read, though the peer refuses it"];
  if ("reason" in record) return [`not read: ${String(record["reason"])}`];
  const ours: Readonly<Record<string, string | number | undefined>> = {
    ip: record["client"],
    user: record["remoteUser"],
    method: record["method"],
    path: targetOf(record),
    protocol: record["protocol"],
    status: record["status"],
    bytes: record["bytesSent"],
    referer: record["referrer"],
    user_agent: record["userAgent"],
    host: record["domain"] ?? record["requestHost"],
    request: requestOf(record),
  };
  const names = Object.keys(expected).filter((name) => {
    if (name === "ts_utc") return !isSameTime(expected[name], record["time"]);
    return name in ours && present(expected[name]) !== present(ours[name]);
  });
  return names;
}

function present(value: string | number | null | undefined): string | undefined {
  return value === null || value === undefined || value === "-" || value === "" ? undefined : String(value);
}

function targetOf({ path, query }: LineRecord): string | undefined {
  if (path === undefined) return undefined;
  return query === undefined ? String(path) : `${path}?${query}`;
}

function requestOf(record: LineRecord): string | number | undefined {
  const parts = [record["method"], targetOf(record), record["protocol"]].filter((part) => part !== undefined);
  return record["requestRaw"] ?? parts.join(" ");
}

function isSameTime(theirs: string | number | null | undefined, ours: string | number | undefined): boolean {
  if (typeof theirs !== "string") return ours === undefined;
  const fraction = /\.(\d+)Z$/.exec(theirs)?.[1] ?? "";
  const cut = (text: string): string =>
    text.slice(0, fraction === "" ? 19 : 20 + Math.min(3, fraction.length));
  return typeof ours === "string" && cut(theirs) === cut(ours);
}

function bytesOf({ line = "", line_b64: base64 }: PeerCase): Uint8Array {
  return base64 === undefined ? Buffer.from(line) : Buffer.from(base64, "base64");
}
