import { type AuditQuestion, type AuditResult, auditStore } from "../../src/audit/audit-store.ts";
import type { Finding } from "../../src/audit/finding.ts";
import { type ReadFinding, readStore } from "../../src/audit/read-store.ts";
import type { StoreAudit } from "../../src/audit/store-audit.ts";
import { appendRecord, findHead, readChain } from "../../src/ledger/chain.ts";
import { chainNames } from "../../src/ledger/chain-names.ts";
import type { RecordBody, RecordedObject } from "../../src/ledger/record.ts";
import { CONTROL_CHAIN } from "../../src/partition.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { views } from "../../src/view.ts";
import { testSigner, writerTo } from "./ledger-writer.ts";
import type { Roots } from "./recorded-batch.ts";

export type AuditWish = Partial<Omit<AuditQuestion, "ledger" | "stores">>;

/** An audit in which nothing may be on its way, unless it is asked for. */
export async function auditOf(roots: Roots, wish: AuditWish = {}): Promise<StoreAudit> {
  return (await auditResultOf(roots, wish)).audit;
}

/** The same, with what the next audit goes on from. */
export function auditResultOf(roots: Roots, wish: AuditWish = {}): Promise<AuditResult> {
  return auditStore({
    ledger: roots.ledger,
    stores: roots,
    nowMs: Date.parse("2026-11-22T12:00:00Z"),
    inFlightMs: 0,
    ...wish,
  });
}

/** What an audit finds, and then what reading every recorded object finds. */
export async function readingFindings(
  roots: Roots,
  wish: AuditWish = {},
): Promise<readonly (Finding | ReadFinding)[]> {
  const { findings } = await auditOf(roots, wish);
  const read = await readStore({ stores: roots, expected: recordedObjects(roots) });
  return [...findings, ...read.findings];
}

/** As the records of all chains name them, in the order of views and keys. */
async function* recordedObjects(roots: Roots): AsyncGenerator<RecordedObject> {
  const objects: RecordedObject[] = [];
  for (const chain of await chainNames(roots.ledger)) {
    for await (const { record } of readChain(roots.ledger, chain)) {
      if (record.body.kind === "batch") objects.push(...record.body.objects);
    }
  }
  for (const view of views) {
    const ofView = objects.filter((object) => object.view === view);
    yield* ofView.sort((a, b) => (a.key < b.key ? -1 : 1));
  }
}

/** Appends to the control chain as a writer that is accepted: the first record accepts it. */
export async function appendControl(ledger: ObjectStore, body: RecordBody): Promise<void> {
  const writer = writerTo(ledger);
  if ((await findHead(ledger, CONTROL_CHAIN)).sequence === 0) {
    await appendRecord(writer, CONTROL_CHAIN, {
      kind: "writer-accepted",
      at: "2026-11-01T00:00:00.000Z",
      clock: "system",
      chain: CONTROL_CHAIN,
      key: testSigner().key,
      name: "test",
      how: "first",
    });
  }
  await appendRecord(writer, CONTROL_CHAIN, body);
}
