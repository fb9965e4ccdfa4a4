#!/usr/bin/env node
// Checks a copy of hostlog's ledger, offline, with Node 18.3 or later and nothing else; docs/ledger.md says what and why.

import { createHash, verify } from "node:crypto";
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const usage = `usage: node verify-ledger.mjs FOLDER [--key KEY]... [--head SEQUENCE:SHA256] [--store ID] [--json]
FOLDER: what hostlog ledger copy made. --key: one that has to have signed control. --head: a checkpoint noted elsewhere.
--store: the store's id. Exit codes: 0 all is as recorded; 2 a person has to judge a key; 3 it is not; 64 usage.
`;
const meanings = {
  alien: "has another file in its place, whose name is no record's",
  missing: "is missing, and there are later ones",
  junk: "is no record",
  forged: "is not signed by the key it names",
  unlinked: "does not follow the one before it: one of the two was changed",
  unsigned: "is not signed, and the one before it is",
  "other-store": "is of another store",
  misplaced: "is of a kind that has no place in this chain",
  attachment: "names a file that is missing, or is another one than was recorded",
  fence: "names a lease that does not hold",
  unaccepted: "is signed by a key that nobody has accepted",
  takeover: "is signed by a key that accepts itself in place of lost ones, and that you have not pinned",
  "other-root": "and all behind it are signed by no pinned key: it is another ledger, or was removed",
  backwards: "is a checkpoint that saw less than the one before it",
  "cut-off": "is missing: the chain ends before it, and a checkpoint has seen it go on",
  replaced: "is another record than a checkpoint has seen there",
};

// --- A record ---
const CONTROL = "control";
const CHECKPOINTS = "checkpoints";
const keyForm = /^ed25519:([A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=)$/;
const fileForm = /^(manifests|inventories|holds)(\/[A-Za-z0-9][A-Za-z0-9_=.-]*){1,2}$/;
const isCount = (value) => Number.isSafeInteger(value) && value > 0;
const isFraction = (value) => typeof value === "number" && !Number.isSafeInteger(value);
const keyPrefix = Buffer.from("302a300506032b6570032100", "hex"); // RFC 8410, before the 32 bytes
const hashOf = (bytes) => createHash("sha256").update(bytes).digest("hex");
const isHead = (at) => typeof at?.chain === "string" && typeof at.sha256 === "string" && isCount(at.sequence);

/** "junk", "forged", or the record with the hash of its bytes and the key that signed it (undefined in version 1). */
function readRecord(bytes) {
  const text = attempt(() => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes)) ?? "";
  const [line, seal = ""] = text.split("\n");
  const record = attempt(() => JSON.parse(line, (_, value) => (isFraction(value) ? null : value)));
  const { version, store, chain, sequence, previous, fence, body } = record ?? {};
  const isOfTwo = version === 2 && typeof store === "string" && (fence === undefined || isCount(fence));
  const isLinked = typeof chain === "string" && isCount(sequence) && typeof previous === "string";
  if (!(version === 1 || isOfTwo) || !isLinked || typeof body?.kind !== "string") return "junk";
  const isBlank = /^[ \t\r\n]*$/.test(text.slice(line.length));
  if (version === 1) return isBlank ? { record, sha256: hashOf(bytes) } : "junk";
  const { key, signature } = attempt(() => JSON.parse(seal)) ?? {};
  const lease = fence === undefined ? "" : "fence,";
  const isCanonical =
    JSON.stringify(record) === line &&
    Object.keys(record).join() === `version,store,chain,sequence,previous,${lease}body` &&
    `${JSON.stringify({ key, signature })}\n` === text.slice(line.length + 1) &&
    keyForm.test(key) &&
    Buffer.from(String(signature), "base64").toString("base64") === signature;
  if (!isCanonical) return "junk";
  const der = Buffer.concat([keyPrefix, Buffer.from(keyForm.exec(key)[1], "base64")]);
  const publicKey = { key: der, format: "der", type: "spki" };
  const message = Buffer.from(`hostlog record 2\n${line}\n`);
  const isSigned = verify(null, message, publicKey, Buffer.from(signature, "base64"));
  return isSigned ? { record, sha256: hashOf(bytes), signedBy: key } : "forged";
}

function attempt(work) {
  try {
    return work();
  } catch {
    return undefined;
  }
}

// --- A chain ---
/** Reads a chain to its end or to its first bad record. `see` is shown each good one. */
function readChain(ledger, chain, see) {
  const summary = { chain, records: 0, unsigned: 0, sha256: "0".repeat(64) };
  const read = { summary, isBroken: false, hashes: [], keys: new Map() };
  for (const name of namesIn(join(ledger.folder, "chains", chain))) {
    const found = readNext(join(ledger.folder, "chains", chain, name), summary);
    const sequence = summary.records + 1;
    if (typeof found === "string") {
      ledger.find(chain, sequence, found);
      return { ...read, isBroken: true };
    }
    const { record, sha256, signedBy } = found;
    Object.assign(summary, { records: sequence, sha256 });
    read.hashes.push(sha256);
    if (signedBy === undefined) summary.unsigned++;
    else if (!read.keys.has(signedBy)) read.keys.set(signedBy, sequence);
    judgeRecord(ledger, record);
    see(found);
  }
  return read;
}

/** The record that follows the ones before, or in a word what is wrong with it. */
function readNext(path, { chain, records, unsigned, sha256 }) {
  const [, digits] = /\/(\d{12})\.json$/.exec(path) ?? [];
  if (digits === undefined || Number(digits) <= records) return "alien";
  if (Number(digits) > records + 1) return "missing";
  const found = readRecord(readFileSync(path));
  if (typeof found === "string") return found;
  const { record, signedBy } = found;
  const isNext = record.sequence === records + 1 && record.chain === chain && record.previous === sha256;
  if (!isNext) return "unlinked";
  return signedBy === undefined && records > unsigned ? "unsigned" : found;
}

/** What can be said of a record without any other. */
function judgeRecord(ledger, { version, store, chain, sequence, body, fence }) {
  const isSigned = version === 2;
  if (isSigned && chain === CONTROL) ledger.store ??= store;
  if (isSigned && store !== (ledger.store ?? store)) ledger.find(chain, sequence, "other-store");
  if (!hasPlace(chain, body)) ledger.find(chain, sequence, "misplaced");
  if (isSigned && chain !== CONTROL && fence !== undefined) ledger.find(chain, sequence, "fence");
  for (const key of missingFiles(ledger.folder, body)) {
    ledger.find(chain, sequence, "attachment", chain === CONTROL ? key : undefined);
  }
}

function hasPlace(chain, { kind, node }) {
  if (chain === CONTROL) return kind !== "batch" && kind !== "checkpoint";
  if (chain === CHECKPOINTS) return kind === "checkpoint";
  return kind === "rewrite" || (kind === "batch" && node === chain);
}

/** The keys of files that the record names, and that are missing or other ones than were recorded. */
function missingFiles(folder, { kind, manifest, inventory, scope, inputs }) {
  const files = [manifest, inventory, scope, kind === "hold-copied" ? inputs : undefined].filter(Boolean);
  const isThere = ({ key, sizeBytes, sha256 }) => {
    // Whatever a record says, nothing outside of the copy is opened.
    if (!fileForm.test(key)) return false;
    // A scope is personal data, and goes with its hold.
    if (!existsSync(join(folder, key))) return key === scope?.key;
    const bytes = readFileSync(join(folder, key));
    return bytes.length === sizeBytes && hashOf(bytes) === sha256;
  };
  return files.filter((file) => !isThere(file)).map(({ key }) => key);
}

// --- Who may sign, and under which lease ---
/** Reads the control chain, and who may sign as it says. */
function readControl(ledger, pinned) {
  const writers = [];
  const accepts = (chain, key) => writers.some((by) => by.key === key && [CONTROL, chain].includes(by.chain));
  const trust = { root: null, writers, accepts, isAnchored: pinned.length === 0 };
  let lease;
  const read = readChain(ledger, CONTROL, ({ record: { sequence, fence, body }, signedBy }) => {
    if (signedBy === undefined) return;
    if (pinned.includes(signedBy)) trust.isAnchored = true;
    const isAcceptance = body.kind === "writer-accepted";
    const isOfItself = isAcceptance && body.chain === CONTROL && body.key === signedBy;
    const isFirst = isOfItself && body.how === "first" && trust.root === null;
    const isTakeover = isOfItself && body.how === "takeover";
    if (!accepts(CONTROL, signedBy) && !isFirst && !(isTakeover && pinned.includes(signedBy))) {
      return ledger.find(CONTROL, sequence, isTakeover ? "takeover" : "unaccepted", signedBy);
    }
    trust.root ??= signedBy;
    if (isAcceptance) writers.push(body);
    const isUnder = fence !== undefined && lease?.fence === fence && lease.key === signedBy;
    if (fence !== undefined && !isUnder) ledger.find(CONTROL, sequence, "fence");
    if (fence === undefined && body.kind === "lease") lease = { fence: sequence, key: signedBy };
    if (isUnder && body.kind === "lease-ended") lease = undefined;
  });
  if (!trust.isAnchored) ledger.find(CONTROL, 1, "other-root");
  return { ...read, trust };
}

/** True for a node's chain that came since the newest checkpoint, all by one key: the next one accepts it. */
function judgeKeys(ledger, { summary: { chain }, keys }, trust, newest) {
  // Who may sign is not known where the control chain does not say all.
  const others = [...keys].filter(([key]) => trust.isWhole && !trust.accepts(chain, key));
  const isNew = chain !== CHECKPOINTS && others[0]?.[1] > (newest?.heads.get(chain)?.sequence ?? 0);
  if (isNew && keys.size === 1 && !trust.writers.some((one) => one.chain === chain)) return true;
  for (const [key, first] of others) ledger.find(chain, first, "unaccepted", key);
  return false;
}

// --- Checkpoints ---
/** Reads the checkpoints: the newest by an accepted key, and the pinned one, if it is there. */
function readCheckpoints(ledger, trust, pin) {
  let [before, newest, pinned] = [];
  const read = readChain(ledger, CHECKPOINTS, ({ record: { sequence, body }, sha256, signedBy }) => {
    if (body.kind !== "checkpoint" || !Array.isArray(body.heads) || !body.heads.every(isHead)) return;
    const heads = new Map(body.heads.map((head) => [head.chain, head]));
    if (before !== undefined && isBehind(heads, before)) ledger.find(CHECKPOINTS, sequence, "backwards");
    before = heads;
    const checkpoint = { sequence, sha256, heads };
    if (signedBy !== undefined && trust.accepts(CHECKPOINTS, signedBy)) newest = checkpoint;
    if (pin?.sequence === sequence && pin.sha256 === sha256) pinned = checkpoint;
  });
  compareHead(ledger, read, pin);
  return { ...read, newest, pinned };
}

function isBehind(heads, before) {
  return [...before].some(([chain, { sequence, sha256 }]) => {
    const now = heads.get(chain) ?? { sequence: 0 };
    return now.sequence < sequence || (now.sequence === sequence && now.sha256 !== sha256);
  });
}

/** `head`: where somebody has seen the chain. Behind a bad record nothing was read, and nothing is said. */
function compareHead(ledger, { summary: { chain, records }, isBroken, hashes }, head) {
  if (head === undefined) return;
  const hash = hashes[head.sequence - 1];
  if (hash === undefined && !isBroken) ledger.find(chain, records + 1, "cut-off");
  if (hash !== undefined && hash !== head.sha256) ledger.find(chain, head.sequence, "replaced");
}

// --- The whole ---
/** `pin`: the noted checkpoint, { sequence, sha256 }. Returns what --json prints. */
export function verifyLedger({ folder, keys = [], pin, store }) {
  const findings = new Map();
  const find = (chain, sequence, kind, key) => {
    const name = JSON.stringify([chain, kind, key]);
    const first = Math.min(sequence, findings.get(name)?.sequence ?? sequence);
    const message = `record ${first} ${meanings[kind]}${key === undefined ? "" : `: ${key}`}`;
    const serious = kind !== "takeover" && (kind !== "unaccepted" || [CONTROL, CHECKPOINTS].includes(chain));
    findings.set(name, { chain, sequence: first, kind, serious, message });
  };
  const ledger = { folder, store, find };
  const { trust, ...control } = readControl(ledger, keys);
  const { newest, pinned, ...checkpoints } = readCheckpoints(ledger, trust, pin);
  const heads = (newest === pinned ? [newest] : [pinned, newest]).flatMap((seen) => seen?.heads ?? []);
  for (const seen of heads) compareHead(ledger, control, seen.get(CONTROL));
  const reaches = heads.every((seen) => (seen.get(CONTROL)?.sequence ?? 0) <= control.summary.records);
  trust.isWhole = reaches && !control.isBroken;
  judgeKeys(ledger, checkpoints, trust);
  const names = [...namesIn(join(folder, "chains")), ...heads.flatMap((seen) => [...seen.keys()])];
  const order = [...new Set([CONTROL, CHECKPOINTS, ...Array.from(names, String).sort()])];
  const waiting = [];
  const chains = order.slice(2).map((chain) => {
    const read = readChain(ledger, chain, () => undefined);
    for (const seen of heads) compareHead(ledger, read, seen.get(chain));
    if (judgeKeys(ledger, read, trust, newest)) waiting.push(chain);
    return read.summary;
  });
  const place = ({ chain, sequence }) => order.indexOf(chain) * 1e13 + sequence;
  return {
    store: ledger.store ?? null,
    root: trust.root,
    checkpoint: newest === undefined ? null : { sequence: newest.sequence, sha256: newest.sha256 },
    pinFound: pin === undefined ? null : pinned !== undefined,
    chains: [control.summary, checkpoints.summary, ...chains],
    writers: trust.writers.map(({ chain, key, name, how }) => ({ chain, key, name, how })),
    waiting,
    keysJudged: trust.isWhole,
    findings: [...findings.values()].sort((one, other) => place(one) - place(other)),
  };
}

function namesIn(folder) {
  return existsSync(folder) && statSync(folder).isDirectory() ? readdirSync(folder).sort() : [];
}

function render({ checkpoint, pinFound, chains, waiting, findings }) {
  const lines = [
    ...chains.map((one) => `${one.chain}: ${one.records} records, ${one.unsigned} unsigned; ${one.sha256}`),
    checkpoint === null ? "no checkpoint" : `newest checkpoint: ${checkpoint.sequence}:${checkpoint.sha256}`,
    ...waiting.map((chain) => `${chain}: the next checkpoint accepts its key`),
    ...findings.map(({ chain, message }) => `! ${chain}: ${message}`),
    ...(findings.length === 0 ? ["no record was changed, removed, moved or put in"] : []),
    pinFound ? "the noted checkpoint is there" : "not known: whether its end was cut off (--head)",
  ];
  // A name may be anything; it cannot move a terminal.
  return lines.map((line) => `${line.replace(/[^\x20-\x7e]/g, "?")}\n`).join("");
}

function main(args) {
  const text = { type: "string" };
  const options = { key: { ...text, multiple: true }, head: text, store: text, json: { type: "boolean" } };
  const { values, positionals } = parseArgs({ args, allowPositionals: true, options });
  const [{ key: keys = [], head, store, json }, [folder = "", ...more]] = [values, positionals];
  const [, sequence, sha256] = /^([1-9]\d{0,11}):([0-9a-f]{64})$/.exec(head ?? "") ?? [];
  const pin = head === undefined ? undefined : { sequence: Number(sequence), sha256 };
  if (folder === "" || more.length > 0) throw new Error("name one folder");
  if (!keys.every((key) => keyForm.test(key))) throw new Error("a key is ed25519: and 44 characters");
  if (head !== undefined && sha256 === undefined) throw new Error("a head is SEQUENCE:SHA256");
  if (!existsSync(join(folder, "chains"))) throw new Error(`${folder} holds no chains/`);
  const report = verifyLedger({ folder, keys, pin, store });
  process.stdout.write(json === true ? `${JSON.stringify(report)}\n` : render(report));
  return Math.max(0, ...report.findings.map(({ serious }) => (serious ? 3 : 2)));
}

if (process.argv[1] !== undefined && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = main(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`${error.message}\n${usage}`);
    process.exitCode = 64;
  }
}
