import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RecordBody } from "../../src/ledger/record.ts";
import type { RecordSigner } from "../../src/ledger/record-signer.ts";
import type { LedgerFiles } from "./ledger-files.ts";
import type { RealLedger } from "./real-ledger.ts";
import { accepting, append, note, stamp, strangerOf, type Tampering } from "./tampering.ts";

/** Takes a control chain's place: a stranger's, in which he accepts all whose keys can be read. */
function replaceControl(files: LedgerFiles, { first, second }: RealLedger, stranger: RecordSigner): void {
  files.removeChain("control");
  append(files, "control", stranger, { body: accepting(stranger.key, "first") });
  for (const { key } of [first, second]) {
    append(files, "control", stranger, { body: accepting(key, "accepted") });
  }
}

/** All of it by a stranger: the same batches, his decisions, his checkpoint. */
function replaceAll(files: LedgerFiles, ledger: RealLedger): void {
  const stranger = strangerOf(ledger);
  replaceControl(files, ledger, stranger);
  for (const chain of ["web01", "web02"]) {
    for (const sequence of [1, 2]) files.sign(chain, sequence, stranger, {});
  }
  files.removeChain("checkpoints");
  const heads = ["control", "web01", "web02"].map((chain) => {
    const sequence = files.length(chain);
    return { chain, sequence, sha256: files.hash(chain, sequence) };
  });
  append(files, "checkpoints", stranger, { body: { kind: "checkpoint", ...stamp, heads } });
}

const otherLedgers: readonly Tampering[] = [
  {
    name: "a record of another store, by a machine that writes both",
    act: (files, { first }) => {
      const store = "11111111-1111-4111-8111-111111111111";
      return [`control ${append(files, "control", first, { store, body: note })} other-store !`];
    },
  },
  {
    name: "a record of one node in the chain of another",
    act: (files) => {
      files.write("web02", 3, files.read("web01", 2));
      return ["web02 3 unlinked !"];
    },
  },
  {
    name: "the first record of one node in the place of another's",
    act: (files) => {
      files.write("web02", 1, files.read("web01", 1));
      return ["web02 1 unlinked !"];
    },
  },
  ...([{ sequence: 99 }, { chain: "web01" }] as const).map(
    (change): Tampering => ({
      name: `a record that says it is another, ${JSON.stringify(change)}`,
      act: (files, { first }) => [
        `control ${append(files, "control", first, { ...change, body: note })} unlinked !`,
      ],
    }),
  ),
  {
    name: "a batch of one node, signed anew for the chain of another",
    act: (files, { second }) => {
      const { body } = files.record("web01", 2);
      return [`web02 ${append(files, "web02", second, { body })} misplaced !`];
    },
  },
  {
    name: "a node's chain is replaced by a stranger's",
    act: (files, ledger) => {
      for (const sequence of [1, 2]) files.sign("web01", sequence, strangerOf(ledger), {});
      return ["web01 1 unaccepted", "web01 2 replaced !"];
    },
  },
  {
    name: "the control chain is replaced by a stranger's, who accepts everybody",
    act: (files, ledger) => {
      replaceControl(files, ledger, strangerOf(ledger));
      return ["control 4 cut-off !"];
    },
  },
  {
    name: "all of it is replaced by a stranger's, which nobody can see with nothing noted",
    act: (files, ledger) => {
      replaceAll(files, ledger);
      return [];
    },
  },
  {
    name: "all of it is replaced by a stranger's, who accepts the key that is pinned",
    pinned: "key",
    act: (files, ledger) => {
      replaceAll(files, ledger);
      return ["control 1 other-root !"];
    },
  },
  {
    name: "all of it is replaced by a stranger's, and a checkpoint was noted",
    pinned: "head",
    act: (files, ledger) => {
      replaceAll(files, ledger);
      return ["checkpoints 2 cut-off !"];
    },
  },
  {
    name: "control and checkpoints are removed, and a key is pinned",
    pinned: "key",
    act: (files) => {
      files.removeChain("control");
      files.removeChain("checkpoints");
      return ["control 1 other-root !"];
    },
  },
];

const unsigned = (files: LedgerFiles, chain: string, sequence: number, body: RecordBody): string => {
  const previous = files.hash(chain, sequence - 1);
  return `${JSON.stringify({ version: 1, chain, sequence, previous, body })}\n`;
};

const unsignedRecords: readonly Tampering[] = [
  {
    name: "an unsigned record behind a signed one",
    act: (files) => {
      const next = files.length("control") + 1;
      files.write("control", next, unsigned(files, "control", next, note));
      return [`control ${next} unsigned !`];
    },
  },
  {
    name: "a node's chain is replaced by unsigned records",
    act: (files) => {
      for (const sequence of [1, 2]) {
        const { body } = files.record("web01", sequence);
        files.write("web01", sequence, unsigned(files, "web01", sequence, body));
      }
      return ["web01 2 replaced !"];
    },
  },
  ...(["is left as it is", "is changed"] as const).map(
    (what): Tampering => ({
      name: `an unsigned record before a signed one ${what}`,
      act: (files, ledger) => {
        const body = { ...files.record("web01", 1).body, node: "web03" } as RecordBody;
        append(files, "web03", ledger.second, { body });
        // As earlier releases wrote it, with white space behind it.
        files.write("web03", 1, `${unsigned(files, "web03", 1, body)} \t\r\n`);
        append(files, "web03", ledger.second, { body });
        if (what === "is left as it is") return [];
        files.write("web03", 1, unsigned(files, "web03", 1, body));
        return ["web03 2 unlinked !"];
      },
    }),
  ),
];

function inventoryOf(files: LedgerFiles): { readonly path: string; readonly sequence: number } {
  const sequence = files.find("control", "purge-begun", 2);
  const { body } = files.record("control", sequence);
  if (body.kind !== "purge-begun") throw new Error("nothing was begun");
  return { path: join(files.folder, body.inventory.key), sequence };
}

function changeByte(path: string): void {
  const bytes = readFileSync(path);
  bytes[20] = (bytes[20] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

const attachments: readonly Tampering[] = [
  {
    name: "an inventory is changed",
    act: (files) => {
      const { path, sequence } = inventoryOf(files);
      changeByte(path);
      return [`control ${sequence} attachment !`];
    },
  },
  {
    name: "an inventory is removed",
    act: (files) => {
      const { path, sequence } = inventoryOf(files);
      rmSync(path);
      return [`control ${sequence} attachment !`];
    },
  },
  {
    name: "all inventories are removed",
    act: (files) => {
      rmSync(join(files.folder, "inventories"), { recursive: true });
      return [1, 2, 3, 4].map((n) => `control ${files.find("control", "purge-begun", n)} attachment !`);
    },
  },
  {
    name: "the scope of a hold goes with it",
    act: (files, { first }) => {
      const scope = { key: `holds/${"0".repeat(64)}.age`, sizeBytes: 1, sha256: "0".repeat(64) };
      append(files, "control", first, {
        body: {
          kind: "hold-placed",
          ...stamp,
          hold: "00000000",
          case: "2026/17",
          basis: "a court's order",
          firstDay: "2026-03-01" as never,
          lastDay: "2026-03-01" as never,
          end: "2026-04-01" as never,
          scope,
          domains: 1,
          addresses: 0,
        },
      });
      return [];
    },
  },
];

/** What `hostlog ledger verify` leaves to `hostlog verify`. */
export const manifestTamperings: readonly Tampering[] = [
  {
    name: "a manifest is changed",
    act: (files) => {
      const folder = join(files.folder, "manifests", "web01");
      changeByte(join(folder, readdirSync(folder)[0] ?? ""));
      return ["web01 attachment !"];
    },
  },
  {
    name: "manifests are removed",
    act: (files) => {
      rmSync(join(files.folder, "manifests", "web02"), { recursive: true });
      return ["web02 attachment !"];
    },
  },
];

const lease: RecordBody = { kind: "lease", ...stamp, name: "retention", holder: "somebody", until: stamp.at };
const leaseEnded: RecordBody = { kind: "lease-ended", ...stamp, name: "retention" };

const leases: readonly Tampering[] = [
  {
    name: "a lease that is taken over, renewed and ended",
    act: (files, { first, second }) => {
      append(files, "control", first, { body: lease });
      const fence = append(files, "control", second, { body: lease });
      for (const body of [note, lease, note, leaseEnded]) append(files, "control", second, { fence, body });
      return [];
    },
  },
  {
    name: "a record under a lease that was ended",
    act: (files, { first }) => {
      const { fence = 0, body } = files.record("control", files.length("control"));
      if (body.kind !== "lease-ended") throw new Error("no lease was ended");
      return [`control ${append(files, "control", first, { fence, body: note })} fence !`];
    },
  },
  {
    name: "a record under a lease that another has taken",
    act: (files, { first, second }) => {
      const fence = append(files, "control", first, { body: lease });
      append(files, "control", second, { body: lease });
      return [`control ${append(files, "control", first, { fence, body: note })} fence !`];
    },
  },
  {
    name: "a record under a lease of another key",
    act: (files, { first, second }) => {
      const fence = append(files, "control", first, { body: lease });
      return [`control ${append(files, "control", second, { fence, body: leaseEnded })} fence !`];
    },
  },
  {
    name: "a lease of a stranger, which is none",
    act: (files, ledger) => {
      const fence = append(files, "control", ledger.first, { body: lease });
      const next = append(files, "control", strangerOf(ledger), { body: lease });
      append(files, "control", ledger.first, { fence, body: leaseEnded });
      return [`control ${next} unaccepted !`];
    },
  },
  {
    name: "a lease in a node's chain",
    act: (files, { first }) => {
      const { body } = files.record("web01", 1);
      return [`web01 ${append(files, "web01", first, { fence: 1, body })} fence !`];
    },
  },
];

const checkpoints: readonly Tampering[] = [
  {
    name: "a checkpoint that saw less than the one before",
    act: (files, { first }) => {
      const { body } = files.record("checkpoints", 1);
      return [`checkpoints ${append(files, "checkpoints", first, { body })} backwards !`];
    },
  },
  {
    name: "a checkpoint that saw another record",
    act: (files, { first }) => {
      const { body } = files.record("checkpoints", files.length("checkpoints"));
      if (body.kind !== "checkpoint") throw new Error("no checkpoint");
      const heads = body.heads.map((head) =>
        head.chain === "web01" ? { ...head, sha256: "0".repeat(64) } : head,
      );
      const next = append(files, "checkpoints", first, { body: { ...body, heads } });
      return [`checkpoints ${next} backwards !`, "web01 2 replaced !"];
    },
  },
  {
    name: "a stranger's checkpoint, which is compared with nothing",
    act: (files, ledger) => {
      const heads = [{ chain: "web01", sequence: 2, sha256: "0".repeat(64) }];
      const body: RecordBody = { kind: "checkpoint", ...stamp, heads };
      const next = append(files, "checkpoints", strangerOf(ledger), { body });
      return [`checkpoints ${next} backwards !`, `checkpoints ${next} unaccepted !`];
    },
  },
  {
    name: "a checkpoint in the control chain",
    act: (files, { first }) => {
      const { body } = files.record("checkpoints", 1);
      return [`control ${append(files, "control", first, { body })} misplaced !`];
    },
  },
];

/** What one can do with whole chains and files beside them, and with leave to write. */
export const wholeTamperings: readonly Tampering[] = [
  ...otherLedgers,
  ...unsignedRecords,
  ...attachments,
  ...leases,
  ...checkpoints,
];
