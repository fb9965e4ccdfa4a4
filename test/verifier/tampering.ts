import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RecordBody, SignedRecord } from "../../src/ledger/record.ts";
import type { RecordSigner } from "../../src/ledger/record-signer.ts";
import { testSigner } from "../support/ledger-writer.ts";
import type { LedgerFiles } from "./ledger-files.ts";
import type { RealLedger } from "./real-ledger.ts";

/** Something that somebody does to a ledger. */
export interface Tampering {
  readonly name: string;
  /** What the verifier is told that was noted elsewhere: nothing without it. */
  readonly pinned?: "key" | "head" | "strange key";
  /** Does it, and returns what is found, as a verdict says it. */
  readonly act: (files: LedgerFiles, ledger: RealLedger) => readonly string[];
}

export const stamp = { at: "2026-03-13T00:00:00.000Z", clock: "argument" } as const;

/** A body of no consequence. */
export const note: RecordBody = { kind: "export-gone", ...stamp, number: 1, reason: "burnt" };

/** Somebody with a key of his own, who may write to the store. */
export const strangerOf = ({ storeId }: RealLedger): RecordSigner => testSigner(storeId);

export const accepting = (key: string, how: "first" | "accepted" | "takeover"): RecordBody => ({
  kind: "writer-accepted",
  ...stamp,
  chain: "control",
  key,
  name: "somebody",
  how,
});

/** Behind the last record of a chain. Returns its sequence. */
export function append(
  files: LedgerFiles,
  chain: string,
  signer: RecordSigner,
  change: Partial<SignedRecord> & Pick<SignedRecord, "body">,
): number {
  const sequence = files.length(chain) + 1;
  files.sign(chain, sequence, signer, change);
  return sequence;
}

/** Changes the text of a certificate, which stands in the middle of the control chain. */
function editing(name: string, kind: string, edit: (text: string) => string): Tampering {
  return {
    name,
    act: (files) => {
      const sequence = files.find("control", "purge-certificate");
      const text = files.read("control", sequence);
      const edited = edit(text);
      if (edited === text) throw new Error(`nothing was changed: ${name}`);
      files.write("control", sequence, edited);
      return [`control ${sequence} ${kind} !`];
    },
  };
}

/** RFC 8032, 5.1.7: the second half of a signature is less than the group's order; adding that gives an equal one. */
const groupOrder = 2n ** 252n + 27_742_317_777_372_353_535_851_937_790_883_648_493n;

function withEqualSignature(text: string): string {
  return text.replace(/"signature":"([^"]+)"/, (_, base64: string) => {
    const signature = Buffer.from(base64, "base64");
    const scalar = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString("hex")}`) + groupOrder;
    Buffer.from(scalar.toString(16).padStart(64, "0"), "hex").reverse().copy(signature, 32);
    return `"signature":"${signature.toString("base64")}"`;
  });
}

const changedFields: readonly Tampering[] = [
  editing("the version becomes one that is not known", "junk", (text) => text.replace("2", "3")),
  editing("the version becomes that of unsigned records", "junk", (text) => text.replace("2", "1")),
  editing("the store", "forged", (text) => text.replace(/"store":"./, '"store":"x')),
  editing("the chain", "forged", (text) => text.replace('"chain":"control"', '"chain":"web01"')),
  editing("the sequence", "forged", (text) => text.replace(/"sequence":\d/, '"sequence":9')),
  editing("the hash of the record before", "forged", (text) => text.replace(/("previous":")./, "$1x")),
  editing("the fence", "forged", (text) => text.replace(/"fence":\d+/, '"fence":1')),
  editing("the fence is left out", "forged", (text) => text.replace(/"fence":\d+,/, "")),
  editing("a number in the body", "forged", (text) => text.replace(/"rows":\d/, '"rows":9')),
  editing("a member of the body is left out", "forged", (text) => text.replace(/"plan":\d+,/, "")),
  editing("a member is added", "junk", (text) => text.replace('"body"', '"note":1,"body"')),
  editing("the key", "forged", (text) => text.replace(/(\n\{"key":")[^"]+/, `$1${testSigner().key}`)),
  editing("the signature", "forged", (text) => text.replace(/("signature":")../, "$1++")),
  editing("the signature is empty", "forged", (text) => text.replace(/("signature":")[^"]+/, "$1")),
  editing("a signature that equals it in all but its form", "forged", withEqualSignature),
];

const changedForms: readonly Tampering[] = [
  editing("a newline behind it", "junk", (text) => `${text}\n`),
  editing("the last newline is missing", "junk", (text) => text.slice(0, -1)),
  editing("newlines as Windows writes them", "junk", (text) => text.replaceAll("\n", "\r\n")),
  editing("a byte order mark", "junk", (text) => `\uFEFF${text}`),
  editing("a space in the record", "junk", (text) => text.replace(",", ", ")),
  editing("a space in the signature's line", "junk", (text) => text.replace("}\n{", "}\n{ ")),
  editing("a letter as an escape", "junk", (text) => text.replace('"kind"', String.raw`"\u006bind"`)),
  editing("a letter of the key as an escape", "junk", (text) =>
    text.replace(/"ed25519/, String.raw`"\u0065d25519`),
  ),
  editing("a number in another form", "junk", (text) => text.replace(/("plan":\d+)/, "$1.0")),
  editing("a member twice", "junk", (text) => text.replace('{"key"', '{"key":1,"key"')),
  editing("the signature before the key", "junk", (text) =>
    text.replace(/\{("key":[^,]+),("signature":[^}]+)\}/, "{$2,$1}"),
  ),
  editing("base64 without padding", "junk", (text) => text.replace('=="}', '"}')),
  editing("the spare bits of the key", "junk", (text) =>
    text.replace(/(.)="(,"signature)/, (_, last: string, rest: string) => `${nextLetter(last)}="${rest}`),
  ),
  editing("the spare bits of the signature", "junk", (text) =>
    text.replace(/(.)=="\}/, (_, last: string) => `${nextLetter(last)}=="}`),
  ),
  editing("nothing but the record's line", "junk", (text) => text.slice(0, text.indexOf("\n") + 1)),
  editing("nothing at all", "junk", () => ""),
];

function nextLetter(letter: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  return alphabet[alphabet.indexOf(letter) + 1] ?? "";
}

/** By a key that may sign, so that only the form is wrong: two readers could see two records in it. */
const signedForms: readonly Tampering[] = [
  ["a member of the body twice", '"number":1,"number":2'],
  ["a fraction", '"number":0.5'],
  ["a number that not every reader keeps", '"number":9007199254740993'],
  ["minus nothing", '"number":-0'],
  ["a name that readers put first", '"number":1,"7":1'],
].map(([name = "", member = ""]) => ({
  name: `${name}, signed`,
  act: (files, { first }) => {
    const sequence = append(files, "control", first, { body: note });
    const [line = ""] = files.read("control", sequence).split("\n");
    files.signLine("control", sequence, first, line.replace('"number":1', member));
    return [`control ${sequence} junk !`];
  },
}));

const removedAndMoved: readonly Tampering[] = [
  {
    name: "a record is removed",
    act: (files) => {
      const sequence = files.find("control", "purge-certificate");
      files.remove("control", sequence);
      return [`control ${sequence} missing !`];
    },
  },
  {
    name: "the first record is removed, and nobody can say who may sign",
    act: (files) => {
      files.remove("control", 1);
      return ["control 1 missing !"];
    },
  },
  {
    name: "a checkpoint is removed",
    act: (files) => {
      files.remove("checkpoints", 2);
      return ["checkpoints 2 missing !"];
    },
  },
  {
    name: "a node's chain is removed",
    act: (files) => {
      files.removeChain("web02");
      return ["web02 1 cut-off !"];
    },
  },
  {
    name: "two are exchanged",
    act: (files) => {
      const sequence = files.find("control", "purge-certificate");
      files.rename("control", sequence, 999);
      files.rename("control", sequence + 1, sequence);
      files.rename("control", 999, sequence + 1);
      return [`control ${sequence} unlinked !`];
    },
  },
  {
    name: "one is put in, and those behind it are moved",
    act: (files, ledger) => {
      const sequence = files.find("control", "purge-certificate");
      for (let last = files.length("control"); last >= sequence; last--)
        files.rename("control", last, last + 1);
      files.sign("control", sequence, strangerOf(ledger), { body: note });
      return [`control ${sequence} unaccepted !`, `control ${sequence + 1} unlinked !`];
    },
  },
  {
    name: "one is written a second time at the end",
    act: (files) => {
      const next = files.length("control") + 1;
      files.write("control", next, files.read("control", next - 1));
      return [`control ${next} unlinked !`];
    },
  },
  {
    name: "a file that is no record's",
    act: (files) => {
      writeFileSync(join(files.folder, "chains", "web01", "000000000001.json.bak"), "");
      return ["web01 2 alien !"];
    },
  },
  {
    name: "a record with the number 0",
    act: (files) => {
      files.write("web01", 0, files.read("web01", 1));
      return ["web01 1 alien !"];
    },
  },
];

const cutOff: readonly Tampering[] = [
  {
    name: "the last record of control is cut off",
    act: (files) => {
      const last = files.length("control");
      files.remove("control", last);
      return [`control ${last} cut-off !`];
    },
  },
  {
    name: "the last record of a node is cut off",
    act: (files) => {
      files.remove("web01", 2);
      return ["web01 2 cut-off !"];
    },
  },
  ...([undefined, "head"] as const).map((pinned): Tampering => {
    const found = pinned === undefined ? "which nobody can see without a noted one" : "and one was noted";
    return {
      name: `all since a checkpoint is cut off with the later checkpoints, ${found}`,
      ...(pinned === undefined ? {} : { pinned }),
      act: (files) => {
        cutBack(files, 2);
        return pinned === undefined ? [] : ["checkpoints 3 cut-off !"];
      },
    };
  }),
];

/** To what a checkpoint saw, and no trace of more. */
function cutBack(files: LedgerFiles, checkpoint: number): void {
  const { body } = files.record("checkpoints", checkpoint);
  if (body.kind !== "checkpoint") throw new Error("no checkpoint");
  for (const { chain, sequence } of [...body.heads, { chain: "checkpoints", sequence: checkpoint }]) {
    for (let last = files.length(chain); last > sequence; last--) files.remove(chain, last);
  }
}

const signedByOthers: readonly Tampering[] = [
  {
    name: "a node's record is signed by another key",
    act: (files, ledger) => {
      files.sign("web01", 2, strangerOf(ledger), {});
      return ["web01 2 replaced !", "web01 2 unaccepted"];
    },
  },
  {
    name: "a certificate is changed and signed by another key",
    act: (files, ledger) => {
      const sequence = files.find("control", "purge-certificate");
      files.sign("control", sequence, strangerOf(ledger), {});
      return [`control ${sequence} unaccepted !`, `control ${sequence + 1} unlinked !`];
    },
  },
  {
    name: "a node's record is signed by another key that may",
    act: (files, { second }) => {
      files.sign("web01", 2, second, {});
      return ["web01 2 replaced !"];
    },
  },
  {
    name: "a stranger writes in control",
    act: (files, ledger) => [
      `control ${append(files, "control", strangerOf(ledger), { body: note })} unaccepted !`,
    ],
  },
  ...(["first", "accepted"] as const).map(
    (how): Tampering => ({
      name: `a stranger accepts himself as ${how}`,
      act: (files, ledger) => {
        const stranger = strangerOf(ledger);
        const next = append(files, "control", stranger, { body: accepting(stranger.key, how) });
        append(files, "control", stranger, { body: note });
        return [`control ${next} unaccepted !`];
      },
    }),
  ),
  ...([undefined, "strange key"] as const).map(
    (pinned): Tampering => ({
      name: `a stranger takes over${pinned === undefined ? "" : ", and is pinned"}`,
      ...(pinned === undefined ? {} : { pinned }),
      act: (files, ledger) => {
        const stranger = strangerOf(ledger);
        const next = append(files, "control", stranger, { body: accepting(stranger.key, "takeover") });
        append(files, "control", stranger, { body: note });
        return pinned === undefined ? [`control ${next} takeover`, `control ${next + 1} unaccepted !`] : [];
      },
    }),
  ),
  {
    name: "a stranger ships as a new node, whom the next checkpoint accepts",
    act: (files, ledger) => {
      append(files, "web03", strangerOf(ledger), {
        body: { ...files.record("web01", 1).body, node: "web03" } as RecordBody,
      });
      return [];
    },
  },
  {
    name: "a new node, and a stranger with it",
    act: (files, ledger) => {
      const body = { ...files.record("web01", 1).body, node: "web03" } as RecordBody;
      append(files, "web03", testSigner(ledger.storeId), { body });
      append(files, "web03", ledger.second, { body });
      return ["web03 1 unaccepted"];
    },
  },
];

/** What one can do to records of one ledger. */
export const tamperings: readonly Tampering[] = [
  ...changedFields,
  ...changedForms,
  ...signedForms,
  ...removedAndMoved,
  ...cutOff,
  ...signedByOthers,
];
