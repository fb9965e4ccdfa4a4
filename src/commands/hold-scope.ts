import { randomBytes } from "node:crypto";
import { mkdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../durable-file.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { formatScope, type HoldScope, parseScope } from "../holds/hold-scope.ts";
import { type Hold, holdClassOf } from "../holds/hold-state.ts";
import { batchOfInputs } from "../holds/plan-copies.ts";
import { formatIdentityFile, readIdentityFile } from "../keyring/identity-text.ts";
import { putAttachment, readAttachment } from "../ledger/attachment.ts";
import type { Attachment } from "../ledger/recorded-object.ts";
import { formatKey, HOLD_NODE } from "../partition.ts";
import { splitHeader } from "../seal/age-header.ts";
import { openBytes, openForIdentity } from "../seal/open-bytes.ts";
import { SealBrokenError } from "../seal/seal-broken-error.ts";
import { sealBytes } from "../seal/seal-bytes.ts";
import { generateIdentity } from "../seal/x25519.ts";
import type { ObjectStore } from "../store/object-store.ts";
import type { Context } from "./context.ts";
import type { HoldKeys } from "./hold-keys.ts";

/** Who seals the scopes of holds, and opens them. */
export interface ScopePlace {
  readonly context: Context;
  readonly ledger: ObjectStore;
  /** Undefined for a store that is not sealed. */
  readonly keys: HoldKeys | undefined;
}

type ScopedHold = Pick<Hold, "id" | "firstDay" | "case">;

/**
 * Puts a scope beside the ledger's chains, sealed for the hold's own key: that of its first day. So whoever may open the
 * copies may see what was looked for, through the custodian, and once the hold has ended nobody can any more, though the
 * ledger keeps it. In a store without keys the hold has one in the state directory of the machine that placed it.
 */
export async function putScope(place: ScopePlace, hold: ScopedHold, scope: HoldScope): Promise<Attachment> {
  const { context, keys, ledger } = place;
  const recipient =
    keys === undefined ? await makeOwnKey(context, hold) : await keys.recipientOf(hold, hold.firstDay);
  const plain = formatScope(scope);
  const sealed = sealBytes(plain, [recipient]);
  plain.fill(0);
  return putAttachment(ledger, "holds", sealed);
}

/** Throws UserError for one that was changed, or for whose key this machine cannot ask. */
export async function openScope(
  place: ScopePlace,
  hold: ScopedHold & Pick<Hold, "scope">,
): Promise<HoldScope> {
  const sealed = await readAttachment(place.ledger, hold.scope);
  const plain = await opened(place, hold, sealed);
  const scope = parseScope(plain);
  plain.fill(0);
  if (scope !== undefined) return scope;
  throw new UserError(
    `the scope of hold ${hold.id} is of a newer version of hostlog: use that one`,
    exitCode.config,
  );
}

/** For a hold that has ended: in a store without keys nobody can tell any more what was looked for. */
export async function forgetScope(context: Context, hold: Pick<Hold, "id">): Promise<void> {
  await rm(ownKeyPath(context, hold), { force: true });
}

async function opened(
  { context, keys }: ScopePlace,
  hold: ScopedHold & Pick<Hold, "scope">,
  sealed: Uint8Array,
): Promise<Uint8Array> {
  try {
    if (keys !== undefined) return await openByCustodian(keys, hold, sealed);
    const identity = await readOwnKey(context, hold);
    try {
      return openForIdentity(sealed, identity);
    } finally {
      identity.fill(0);
    }
  } catch (error) {
    if (!(error instanceof SealBrokenError)) throw error;
    throw new UserError(`the scope of hold ${hold.id} does not open: ${error.message}`, exitCode.integrity, {
      cause: error,
    });
  }
}

/** The custodian opens headers by the names of objects: the scope has one, under which nothing lies. */
async function openByCustodian(
  keys: HoldKeys,
  hold: ScopedHold & Pick<Hold, "scope">,
  sealed: Uint8Array,
): Promise<Uint8Array> {
  const header = splitHeader(sealed);
  if (header === undefined) throw new SealBrokenError("it is no sealed file");
  const key = formatKey({
    day: hold.firstDay,
    node: HOLD_NODE,
    retentionClass: holdClassOf(hold),
    batch: batchOfInputs(hold.scope),
    isSealed: true,
  });
  const custodian = await keys.custodian();
  const [answer] = await custodian.openHeaders({
    lookup: randomBytes(16).toString("hex"),
    purpose: "hold",
    case: hold.case,
    headers: [{ view: "raw", key, header }],
  });
  if (answer?.kind === "opened") {
    try {
      return openBytes(sealed, answer.fileKey);
    } finally {
      answer.fileKey.fill(0);
    }
  }
  if (answer?.kind === "not-openable") throw new SealBrokenError("it is sealed for another key");
  throw new UserError(
    answer?.kind === "destroyed"
      ? `the key of hold ${hold.id} was destroyed: nobody can tell any more what it was for`
      : `the keyring has no key of hold ${hold.id}: if it was restored from an older export, restore it from a newer one`,
    answer?.kind === "destroyed" ? exitCode.partial : exitCode.integrity,
  );
}

/** Returns the public half. */
async function makeOwnKey(context: Context, hold: ScopedHold): Promise<Uint8Array> {
  const { identity, recipient } = generateIdentity();
  const file = formatIdentityFile(`hostlog: the scope of hold ${hold.id}`, identity);
  identity.fill(0);
  await mkdir(join(context.stateDirectory, "holds"), { recursive: true, mode: 0o700 });
  await writeDurably(ownKeyPath(context, hold), file, { mode: 0o600 });
  file.fill(0);
  return recipient;
}

/** 32 bytes, the caller's to overwrite. */
async function readOwnKey(context: Context, hold: ScopedHold): Promise<Uint8Array> {
  const path = ownKeyPath(context, hold);
  const text = await readFile(path, "utf8").catch(() => "");
  const identity = readIdentityFile(text);
  if (identity !== undefined) return identity;
  throw new UserError(
    `what hold ${hold.id} is for can be read with ${path} alone, which the machine has that placed it: run this there, or place a new hold`,
    exitCode.config,
  );
}

function ownKeyPath({ stateDirectory }: Context, { id }: Pick<Hold, "id">): string {
  return join(stateDirectory, "holds", `${id}.key`);
}
