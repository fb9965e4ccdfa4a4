import type { SealMode } from "../seal/seal-mode.ts";
import { sha256Hex } from "../sha256.ts";
import { ObjectNotFoundError, type ObjectStore } from "../store/object-store.ts";
import { type View, views } from "../view.ts";
import { auditHidden, type HiddenAudit, type HiddenCount } from "./audit-hidden.ts";
import { readChain } from "./chain.ts";
import { compareObjects, type ExpectedObject, type ObjectFinding } from "./compare-objects.ts";
import { compareSeals, countSealedNames } from "./compare-seals.ts";
import { addsUp, coverStream, type StreamCoverage } from "./coverage.ts";
import { decodeManifest, type Manifest, type ManifestSource, objectsHash } from "./manifest.ts";
import { readObjects } from "./read-objects.ts";
import type { BatchRecord, RecordedObject } from "./record.ts";

export interface AuditOptions {
  /** Whether every object is read too. */
  readonly isReading?: boolean;
  /** How the store says that it keeps raw and quarantine; undefined where nothing was ever put into it. */
  readonly seal?: SealMode | undefined;
}

/** What the ledger and the store say of each other. */
export interface StoreAudit {
  readonly nodes: readonly NodeAudit[];
  readonly objects: Readonly<Record<View, ViewAudit>>;
  readonly findings: readonly Finding[];
}

export interface NodeAudit {
  readonly node: string;
  readonly records: number;
  readonly batches: number;
  readonly streams: readonly StreamCoverage[];
}

export interface ViewAudit {
  readonly recorded: number;
  readonly destroyed: number;
  readonly listed: number;
  readonly listedBytes: number;
  /** Those of the listed whose name is a sealed object's. */
  readonly sealed: number;
  readonly hidden: HiddenAudit;
}

export type Finding =
  | ObjectFinding
  /** The store keeps older versions, delete markers or unfinished uploads of objects that are not destroyed. */
  | ({ readonly kind: "hidden"; readonly view: View } & HiddenCount)
  /** These credentials may not look for all of that: nobody knows whether something destroyed is still there. */
  | { readonly kind: "not-seen"; readonly view: View; readonly message: string }
  /** A manifest that is missing or not the recorded one, or that names other objects than the record does. */
  | { readonly kind: "manifest"; readonly node: string; readonly batch: string; readonly message: string }
  /** A record's counts are not those of its manifest, or do not add up. */
  | { readonly kind: "counts"; readonly node: string; readonly batch: string }
  | {
      readonly kind: "gap" | "overlap";
      readonly node: string;
      readonly stream: string;
      readonly from: number;
      readonly to: number;
    };

/**
 * Reads every chain and manifest, lists every view, and compares. Throws when a chain itself is broken: then nothing that it says
 * can be relied on.
 */
export async function auditStore(
  ledger: ObjectStore,
  stores: Readonly<Record<View, ObjectStore>>,
  controlChain: string,
  { isReading = false, seal }: AuditOptions = {},
): Promise<StoreAudit> {
  // The views are listed before the chains are read. What is committed meanwhile is then expected and not
  // listed, and what is purged meanwhile is listed and recorded as destroyed; both are looked up again below.
  const listings = await listViews(stores);
  const findings: Finding[] = [];
  const expected = new Map<View, Map<string, ExpectedObject>>(views.map((view) => [view, new Map()]));
  const nodes: NodeAudit[] = [];
  const chains = await chainNames(ledger);
  for (const chain of chains.filter((name) => name !== controlChain)) {
    nodes.push(await auditNode(ledger, chain, expected, findings));
  }
  if (chains.includes(controlChain)) await markDestroyed(ledger, controlChain, expected);
  const objects = {} as Record<View, ViewAudit>;
  for (const view of views) {
    const ofView = expected.get(view) ?? new Map<string, ExpectedObject>();
    objects[view] = await auditView(view, stores[view], listings[view], ofView, findings);
    if (seal !== undefined) findings.push(...compareSeals(view, listings[view].keys(), seal));
    if (isReading) findings.push(...(await readObjects(view, stores[view], ofView)));
  }
  return { nodes, objects, findings };
}

async function auditView(
  view: View,
  store: ObjectStore,
  listed: ReadonlyMap<string, number>,
  expected: ReadonlyMap<string, ExpectedObject>,
  findings: Finding[],
): Promise<ViewAudit> {
  const seenAsUndead = new Set<string>();
  for (const finding of compareObjects(view, listed, expected)) {
    if (!(await isStillTrue(store, finding))) continue;
    findings.push(finding);
    if (finding.kind === "undead") seenAsUndead.add(finding.key);
  }
  const { hidden, undead } = await auditHidden(store, expected);
  for (const key of undead) if (!seenAsUndead.has(key)) findings.push({ kind: "undead", view, key });
  const { versions, versionBytes, deleteMarkers, uploads } = hidden;
  if (versions + deleteMarkers + uploads > 0) {
    findings.push({ kind: "hidden", view, versions, versionBytes, deleteMarkers, uploads });
  }
  if (hidden.notSeen !== undefined) findings.push({ kind: "not-seen", view, message: hidden.notSeen });
  return {
    recorded: expected.size,
    destroyed: [...expected.values()].filter(({ isDestroyed }) => isDestroyed).length,
    listed: listed.size,
    listedBytes: [...listed.values()].reduce((sum, sizeBytes) => sum + sizeBytes, 0),
    sealed: countSealedNames(listed.keys()),
    hidden,
  };
}

/** Findings that are wrong in any case; an unrecorded object may be on its way, and a bucket may keep versions. */
export function isSerious({ kind }: Finding): boolean {
  return kind !== "unrecorded" && kind !== "hidden" && kind !== "not-seen";
}

async function listViews(
  stores: Readonly<Record<View, ObjectStore>>,
): Promise<Readonly<Record<View, ReadonlyMap<string, number>>>> {
  const listings = {} as Record<View, Map<string, number>>;
  for (const view of views) {
    const listed = new Map<string, number>();
    for await (const { key, sizeBytes } of stores[view].list("")) listed.set(key, sizeBytes);
    listings[view] = listed;
  }
  return listings;
}

async function chainNames(ledger: ObjectStore): Promise<readonly string[]> {
  const names: string[] = [];
  const prefix = "chains/";
  // One name for each step: the rest of a chain is skipped by asking for what follows it.
  let startAfter: string | undefined;
  for (;;) {
    let found: string | undefined;
    for await (const { key } of ledger.list(prefix, startAfter === undefined ? {} : { startAfter })) {
      found = key.slice(prefix.length).split("/")[0];
      break;
    }
    if (found === undefined) return names;
    names.push(found);
    // "0" is the character behind "/".
    startAfter = `${prefix}${found}0`;
  }
}

async function auditNode(
  ledger: ObjectStore,
  node: string,
  expected: ReadonlyMap<View, Map<string, ExpectedObject>>,
  findings: Finding[],
): Promise<NodeAudit> {
  const sources = new Map<string, ManifestSource[]>();
  let records = 0;
  let batches = 0;
  for await (const { record } of readChain(ledger, node)) {
    records++;
    if (record.body.kind !== "batch") continue;
    batches++;
    expectObjects(record.body.objects, expected);
    const manifest = await readManifest(ledger, node, record.body, findings);
    if (manifest === undefined) continue;
    checkObjects(node, record.body, manifest, findings);
    if (!agrees(record.body, manifest)) findings.push({ kind: "counts", node, batch: record.body.batch });
    for (const source of manifest.sources) {
      const known = sources.get(source.stream);
      if (known === undefined) sources.set(source.stream, [source]);
      else known.push(source);
    }
  }
  const streams = [...sources.values()].map(coverStream);
  for (const { stream, gaps, overlaps } of streams) {
    for (const span of gaps) findings.push({ kind: "gap", node, stream, ...span });
    for (const span of overlaps) findings.push({ kind: "overlap", node, stream, ...span });
  }
  return { node, records, batches, streams };
}

function expectObjects(
  objects: readonly RecordedObject[],
  expected: ReadonlyMap<View, Map<string, ExpectedObject>>,
): void {
  for (const { view, key, sizeBytes, sha256 } of objects) {
    expected.get(view)?.set(key, { sizeBytes, sha256, isDestroyed: false });
  }
}

async function readManifest(
  ledger: ObjectStore,
  node: string,
  { batch, manifest }: BatchRecord,
  findings: Finding[],
): Promise<Manifest | undefined> {
  const damaged = (message: string): undefined => {
    findings.push({ kind: "manifest", node, batch, message: `${manifest.key} ${message}` });
  };
  let bytes: Uint8Array;
  try {
    bytes = await ledger.read(manifest.key);
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return damaged("is missing");
    throw error;
  }
  if (sha256Hex(bytes) !== manifest.sha256) return damaged("was changed");
  try {
    return await decodeManifest(bytes);
  } catch {
    return damaged("is the recorded one and no manifest");
  }
}

/** Manifests of earlier releases say nothing of the objects. */
function checkObjects(
  node: string,
  { batch, objects, manifest: { key } }: BatchRecord,
  manifest: Manifest,
  findings: Finding[],
): void {
  if (manifest.objects === undefined || manifest.objects === objectsHash(objects)) return;
  findings.push({
    kind: "manifest",
    node,
    batch,
    message: `${key} names other objects than the record does`,
  });
}

/** The record's counts are its manifest's, every line is accounted for, and every quarantined line has its row. */
function agrees({ counts, objects }: BatchRecord, { sources }: Manifest): boolean {
  const covers = sources.map((source) => coverStream([source]));
  const sum = (pick: (cover: StreamCoverage) => number): number =>
    covers.reduce((total, cover) => total + pick(cover), 0);
  const quarantined = sum((cover) =>
    Object.values(cover.quarantined).reduce((total, lines) => total + lines, 0),
  );
  const rowsOf = (view: View): number =>
    objects.reduce((total, object) => total + (object.view === view ? object.rows : 0), 0);
  return (
    covers.every(addsUp) &&
    counts.lines === sum(({ lines }) => lines) &&
    counts.bytes === sum(({ coveredBytes }) => coveredBytes) &&
    counts.stored === sum(({ stored }) => stored) &&
    counts.refused === sum(({ refused }) => refused) &&
    counts.quarantined === quarantined &&
    rowsOf("quarantine") === quarantined &&
    // A view whose term is shorter may have had no place for some rows any more.
    Math.max(rowsOf("raw"), rowsOf("analytics")) <= counts.stored &&
    rowsOf("raw") + rowsOf("analytics") >= counts.stored
  );
}

async function markDestroyed(
  ledger: ObjectStore,
  controlChain: string,
  expected: ReadonlyMap<View, Map<string, ExpectedObject>>,
): Promise<void> {
  for await (const { record } of readChain(ledger, controlChain)) {
    if (record.body.kind !== "purge") continue;
    for (const { key, sizeBytes } of record.body.objects) {
      expected.get(record.body.view)?.set(key, { sizeBytes, isDestroyed: true });
    }
  }
}

/** False for what only came or went between the listing and the reading of the chains. */
async function isStillTrue(store: ObjectStore, { kind, key }: ObjectFinding): Promise<boolean> {
  if (kind === "missing") return !(await isThere(store, key));
  return kind === "undead" ? await isThere(store, key) : true;
}

async function isThere(store: ObjectStore, key: string): Promise<boolean> {
  for await (const object of store.list(key)) if (object.key === key) return true;
  return false;
}
