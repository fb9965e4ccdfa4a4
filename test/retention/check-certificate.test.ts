import { describe, expect, it } from "vitest";
import { type CertificateSight, checkCertificate } from "../../retention/certificate/check-certificate.ts";
import { type CertificateEvidence, collectEvidence } from "../../retention/certificate/evidence.ts";
import type { RecordBody } from "../../src/ledger/record.ts";
import type { StoredRecord } from "../../src/ledger/record-object.ts";
import type { GroupRule, PurgeCertificateRecord, PurgeInventory } from "../../src/ledger/retention-record.ts";
import { dayOf, keyOf } from "../support/purge-objects.ts";

const day = dayOf("2024-11-20");
const group = { view: "raw", day, retentionClass: "standard" } as const;
const rule: GroupRule = { kind: "class", term: "2y", dueDay: dayOf("2026-11-21") };
const stamp = { at: "2026-11-21T02:17:00.000Z", clock: "system" } as const;
const attachment = { key: "inventories/a.json.gz", sizeBytes: 9, sha256: "a".repeat(64) };
const key = keyOf("raw", day);

const inventory: PurgeInventory = {
  version: 1,
  group,
  objects: [
    { key, sizeBytes: 100, rows: 7, sha256: "b".repeat(64), versions: 1, deleteMarkers: 0, uploads: 0 },
  ],
};

const certificate: PurgeCertificateRecord = {
  kind: "purge-certificate",
  ...stamp,
  group,
  rule,
  plan: 2,
  begun: 4,
  inventory: attachment,
  objects: 1,
  versions: 1,
  deleteMarkers: 0,
  uploads: 0,
  rows: 7,
  sizeBytes: 100,
  unrecordedObjects: 0,
  clocks: { local: stamp.at, store: stamp.at },
  keys: { kind: "destroyed", record: 3, exportsOutstanding: [1] },
  holds: [],
  verification: { at: stamp.at, listings: 1 },
  exceptions: [],
  by: "web-1",
};

const course: readonly RecordBody[] = [
  { kind: "lease", ...stamp, name: "retention", holder: "web-1", until: stamp.at },
  {
    kind: "purge-planned",
    ...stamp,
    groups: [{ ...group, rule, objects: 1, sizeBytes: 100 }],
    notBefore: stamp.at,
    approvals: [],
  },
  {
    kind: "keys-destroyed",
    ...stamp,
    keys: [{ view: "raw", day, retentionClass: "standard", recipient: "age1" }],
    copies: [],
    exportsOutstanding: [1],
    probe: "not tried",
  },
  { kind: "purge-begun", ...stamp, group, rule, plan: 2, inventory: attachment },
  certificate,
];

function chainOf(bodies: readonly RecordBody[]): readonly StoredRecord[] {
  return bodies.map((body, index) => ({
    record: {
      version: 2,
      store: "store",
      chain: "control",
      sequence: index + 1,
      previous: "",
      ...(body.kind === "lease" ? {} : { fence: 1 }),
      body,
    },
    sha256: String(index),
    signedBy: "ed25519:key",
  }));
}

const trusting = { trusts: (_stored: StoredRecord) => true };
const everything = { day: undefined, view: undefined, destroyedOn: undefined };

/** The last certificate of a chain. */
function evidenceOf(bodies: readonly RecordBody[], writers = trusting): CertificateEvidence {
  const found = collectEvidence(chainOf(bodies), writers, everything).certificates.at(-1);
  if (found === undefined) throw new Error("no certificate");
  return found;
}

function badOf(
  evidence: CertificateEvidence,
  sight: CertificateSight = { inventory, listed: [] },
): readonly string[] {
  return checkCertificate(evidence, sight)
    .filter(({ verdict }) => verdict === "bad")
    .map(({ text }) => text);
}

/** The course with its certificate changed. */
function certified(change: Partial<PurgeCertificateRecord>): CertificateEvidence {
  return evidenceOf([...course.slice(0, -1), { ...certificate, ...change }]);
}

describe("checking a certificate", () => {
  it("finds that all holds, and what is still open", () => {
    const checks = checkCertificate(evidenceOf(course), { inventory, listed: [] });
    expect(checks.map(({ verdict }) => verdict)).toEqual(["ok", "ok", "ok", "ok", "ok", "ok", "open"]);
    expect(checks.at(-1)?.text).toContain(
      "exports of the keyring that held its key and are not confirmed gone by now: 1",
    );
  });

  it("knows that an export is gone by now", () => {
    const gone: RecordBody = { kind: "export-gone", ...stamp, number: 1, reason: "shredded" };
    const checks = checkCertificate(evidenceOf([...course, gone]), { inventory, listed: [] });
    expect(checks.every(({ verdict }) => verdict === "ok")).toBe(true);
  });

  it.each([
    ["objects", { objects: 2 }],
    ["versions", { versions: 0 }],
    ["rows", { rows: 8 }],
    ["bytes", { sizeBytes: 99 }],
    ["unrecorded objects", { unrecordedObjects: 1 }],
  ] as const)("finds a number that the inventory does not come to: %s", (_what, change) => {
    expect(badOf(certified(change))).toEqual([
      "the inventory does not come to the numbers on the certificate",
    ]);
  });

  it.each([
    ["by no such record", { begun: 3 }, "by which it was begun, is no such record"],
    ["of another group", { group: { ...group, view: "analytics" } }, "is of something else"],
    [
      "of another inventory",
      { inventory: { ...attachment, sha256: "c".repeat(64) } },
      "is of something else",
    ],
    ["under another plan", { plan: 4 }, "plan 4 does not name raw/2024-11-20/standard"],
  ] as const)("finds what was begun %s", (_what, change, text) => {
    expect(badOf(certified(change)).join()).toContain(text);
  });

  it("finds a key that was not destroyed, or by another record", () => {
    expect(badOf(certified({ keys: { kind: "destroyed", record: 2, exportsOutstanding: [] } }))).toEqual([
      "its key was destroyed by record 3, and the certificate names 2",
    ]);
    const without = course.filter(({ kind }) => kind !== "keys-destroyed");
    const moved = without.map((body) => (body.kind === "purge-certificate" ? { ...body, begun: 3 } : body));
    expect(badOf(evidenceOf(moved))).toEqual(["record 3 does not say that its key was destroyed"]);
  });

  it("says that a key on another machine is outstanding, and when it was destroyed since", () => {
    const elsewhere: PurgeCertificateRecord = { ...certificate, keys: { kind: "outstanding" } };
    const [lease, plan, keys, begun] = course;
    if (lease === undefined || plan === undefined || keys === undefined || begun === undefined)
      throw new Error();
    const without = [lease, plan, begun, { ...elsewhere, begun: 3 }];
    const open = checkCertificate(evidenceOf(without), { inventory, listed: [] }).at(-1);
    expect(open).toMatchObject({
      verdict: "open",
      text: expect.stringContaining("hostlog keys destroy --due"),
    });
    const since = checkCertificate(evidenceOf([...without, keys]), { inventory, listed: [] });
    expect(since.map(({ text }) => text).join()).toContain(
      "its key was destroyed (record 5), after this was written",
    );
  });

  it("finds an inventory of another day, and an object that is listed again", () => {
    const alien = { ...inventory, objects: [{ ...inventory.objects[0], key: keyOf("raw", "2024-11-21") }] };
    expect(badOf(evidenceOf(course), { inventory: alien as PurgeInventory, listed: [] })).toEqual([
      "the inventory names what is not of this view, day and class",
    ]);
    expect(badOf(evidenceOf(course), { inventory, listed: [key] })).toEqual([
      `1 object of it is listed again, the first: ${key}`,
    ]);
  });

  it("finds a certificate that was written under a lease which another had taken over", () => {
    const [lease, ...rest] = course;
    if (lease === undefined) throw new Error();
    const taken = [lease, ...rest.slice(0, 3), lease, certificate];
    expect(badOf(evidenceOf(taken))).toEqual([
      "not written by who held the lease then (it names 1, and 5 was held)",
    ]);
  });

  it("takes no record into account by a key that nobody accepted", () => {
    const writers = { trusts: ({ record }: StoredRecord) => record.body.kind !== "purge-begun" };
    expect(badOf(evidenceOf(course, writers)).join()).toContain(
      "record 4, by which it was begun, is no such record",
    );
  });

  it("counts what earlier releases recorded without hashes as no certificate", () => {
    const earlier: RecordBody = {
      kind: "purge",
      view: "raw",
      day,
      ...stamp,
      policy: [],
      objects: [{ key, sizeBytes: 1 }],
      failures: 0,
    };
    const answer = collectEvidence(chainOf([earlier]), trusting, { ...everything, day });
    expect(answer).toEqual({ certificates: [], unfinished: [], objectsOfEarlierReleases: 1 });
  });

  it("names a purge that was begun and is not certified", () => {
    const answer = collectEvidence(chainOf(course.slice(0, -1)), trusting, { ...everything, day });
    expect(answer.unfinished).toEqual([4]);
  });
});
