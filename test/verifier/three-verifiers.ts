import { pathToFileURL } from "node:url";
import { isSeriousFinding } from "../../src/ledger/ledger-finding.ts";
import { verifyLedger } from "../../src/ledger/verify-ledger.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import type { PythonVerifier } from "./python-verifier.ts";
import type { Question } from "./question.ts";

/** What all of them say, in the form of docs/ledger.md. */
export interface Verdict {
  readonly store: string | null;
  readonly root: string | null;
  readonly checkpoint: { readonly sequence: number; readonly sha256: string } | null;
  readonly pinFound: boolean | null;
  readonly chains: readonly {
    readonly chain: string;
    readonly records: number;
    readonly unsigned: number;
    readonly sha256: string;
  }[];
  readonly writers: readonly Record<"chain" | "key" | "name" | "how", string>[];
  readonly waiting: readonly string[];
  readonly keysJudged: boolean;
  /** `CHAIN SEQUENCE KIND`, and ` !` behind it if it is serious; in the order in which they are reported. */
  readonly findings: readonly string[];
}

interface Finding {
  readonly chain: string;
  readonly sequence: number;
  readonly kind: string;
  readonly serious: boolean;
}

type Printed = Omit<Verdict, "findings"> & { readonly findings: readonly Finding[] };

const { verifyLedger: verifyOffline } = (await import(
  pathToFileURL("src/verifier/verify-ledger.mjs").href
)) as { verifyLedger(question: unknown): Printed };

/** `verify-ledger.mjs`, in this process. */
export function askOffline({ folder, keys = [], head, store }: Question): Verdict {
  return verdictOf(verifyOffline({ folder, keys, pin: pinOf(head), store }));
}

export async function askPython(python: PythonVerifier, question: Question): Promise<Verdict> {
  return verdictOf((await python.ask(question)) as Printed);
}

/** `hostlog ledger verify`, which takes the store's id from the store itself. */
export async function askProgram({ folder, keys = [], head, store }: Question): Promise<Verdict> {
  const report = await verifyLedger({
    ledger: createFolderStore(folder, pathToFileURL(folder).href),
    storeId: store,
    pinnedKeys: keys,
    pinnedHead: pinOf(head),
  });
  const { chains, checkpoint, findings } = report;
  return verdictOf({
    store: store ?? null,
    root: report.root ?? null,
    checkpoint:
      checkpoint === undefined ? null : { sequence: checkpoint.sequence, sha256: checkpoint.sha256 },
    pinFound: report.isPinFound ?? null,
    chains: chains.map(({ chain, records, unsigned, sha256 }) => ({ chain, records, unsigned, sha256 })),
    writers: report.accepted.map(({ chain, key, name, how }) => ({ chain, key, name, how })),
    waiting: report.waiting,
    keysJudged: report.areKeysJudged,
    findings: findings.map((finding) => ({ ...finding, serious: isSeriousFinding(finding) })),
  });
}

/** Those of one record in one order, which docs/ledger.md leaves open. */
function verdictOf({ findings, ...rest }: Printed): Verdict {
  const order = new Map(rest.chains.map(({ chain }, place) => [chain, place]));
  const place = ({ chain, sequence }: Finding): number => (order.get(chain) ?? 0) * 1e9 + sequence;
  const sorted = findings.map((finding, index) => {
    const before = findings[index - 1];
    if (before !== undefined && place(before) > place(finding)) throw new Error("findings are out of order");
    return { place: place(finding), text: textOf(finding) };
  });
  sorted.sort((one, other) => one.place - other.place || (one.text < other.text ? -1 : 1));
  return { ...rest, findings: sorted.map(({ text }) => text) };
}

function textOf({ chain, sequence, kind, serious }: Finding): string {
  return `${chain} ${sequence} ${kind}${serious ? " !" : ""}`;
}

function pinOf(head: string | undefined): { readonly sequence: number; readonly sha256: string } | undefined {
  const [sequence, sha256 = ""] = head?.split(":") ?? [];
  return sequence === undefined ? undefined : { sequence: Number(sequence), sha256 };
}
