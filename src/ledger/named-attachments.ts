import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { inParallel } from "../in-parallel.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { readAttachment } from "./attachment.ts";
import type { FindingList } from "./finding-list.ts";
import type { RecordBody } from "./record.ts";
import type { StoredRecord } from "./record-object.ts";
import type { Attachment } from "./recorded-object.ts";

const ATTACHMENTS_AT_ONCE = 8;

/** What the records of a chain name by its hash, each once. Manifests are not among it: they are compared with the store. */
export interface NamedAttachments {
  take(stored: StoredRecord): void;
  /** Reads them all. One that is missing or was changed is a finding, of the first record that names it. */
  check(ledger: ObjectStore, chain: string, findings: FindingList): Promise<void>;
}

interface NamedAttachment {
  readonly attachment: Attachment;
  /** Of the first record that names it. */
  readonly sequence: number;
  readonly mayBeGone: boolean;
}

export function createNamedAttachments(): NamedAttachments {
  const named = new Map<string, NamedAttachment>();
  return {
    take({ record: { sequence, body } }) {
      const attachment = attachmentOf(body);
      if (attachment === undefined) return;
      const name = JSON.stringify([attachment.key, attachment.sha256]);
      // The scope of a hold is personal data, and goes when the hold does.
      const mayBeGone = body.kind === "hold-placed";
      if (!named.has(name)) named.set(name, { attachment, sequence, mayBeGone });
    },
    check: (ledger, chain, findings) =>
      inParallel([...named.values()], ATTACHMENTS_AT_ONCE, async ({ attachment, sequence, mayBeGone }) => {
        if (mayBeGone && !(await isThere(ledger, attachment))) return;
        const trouble = await troubleWith(ledger, attachment);
        if (trouble === undefined) return;
        const message = `record ${sequence} names ${attachment.key}: ${trouble}`;
        findings.add(chain, { kind: "attachment", sequence, message, of: attachment.key });
      }),
  };
}

function attachmentOf(body: RecordBody): Attachment | undefined {
  if (body.kind === "purge-begun" || body.kind === "purge-certificate") return body.inventory;
  if (body.kind === "hold-placed") return body.scope;
  return body.kind === "hold-copied" ? body.inputs : undefined;
}

async function isThere(ledger: ObjectStore, { key }: Attachment): Promise<boolean> {
  for await (const found of ledger.list(key)) return found.key === key;
  return false;
}

async function troubleWith(ledger: ObjectStore, attachment: Attachment): Promise<string | undefined> {
  try {
    await readAttachment(ledger, attachment);
    return undefined;
  } catch (error) {
    if (error instanceof UserError && error.exitCode === exitCode.integrity)
      return "it is missing, or was changed";
    throw error;
  }
}
