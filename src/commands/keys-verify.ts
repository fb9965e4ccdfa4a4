import { randomBytes } from "node:crypto";
import type { SealedHeader } from "../custodian/custodian.ts";
import { createLocalCustodian } from "../custodian/io/local-custodian.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { inParallel } from "../in-parallel.ts";
import { counted } from "../keyring/counted.ts";
import type { KeyEntry, UnlockedKeyring } from "../keyring/keyring.ts";
import {
  type ClosedObject,
  type KeyTrial,
  type ObjectGroup,
  planVerify,
  type VerifyFinding,
} from "../keyring/plan-verify.ts";
import { HEADER_BYTES_MAX, splitHeader } from "../seal/age-header.ts";
import { dayKeyNameOf, formatDayKey, sealedViews } from "../seal/day-key-name.ts";
import { ObjectNotFoundError, type StoredObject } from "../store/object-store.ts";
import type { CommonOptions, Context } from "./context.ts";
import { type Count, withCountBar } from "./count-bar.ts";
import { type SecretOptions, unlockKeyring } from "./custodian-secrets.ts";
import { readPublished, reportOf } from "./keys-list.ts";
import { say } from "./keys-make.ts";
import { openKeysPlace } from "./keys-place.ts";

export interface VerifyOptions extends CommonOptions, SecretOptions {
  readonly read?: boolean;
}

/** How many findings are named before the rest is counted. */
const FINDINGS_SHOWN_MAX = 50;

/** How many headers are read at once, and opened together. */
const READS = 16;
const HEADERS_AT_ONCE = 500;

/** `keys verify`. Throws UserError with exit code 3 for a key that is lost or wrong, 2 for what is alarming. */
export async function verifyKeys(context: Context, options: VerifyOptions): Promise<void> {
  const place = await openKeysPlace(context);
  const published = await readPublished(context, place);
  const unlocked = await unlockKeyring(place.keyring, options);
  try {
    const entries = await place.keyring.entries();
    const trials = await withCountBar(context, entries.length, "keys", (count) =>
      tryKeys(context, unlocked, entries, count),
    );
    const { groups, objects } = await listSealed(context);
    const { opened, closed } =
      options.read === true
        ? await withCountBar(context, objects.length, "objects", (count) =>
            openAll(context, unlocked, objects, count),
          )
        : { opened: 0, closed: [] };
    const findings = planVerify({ entries, trials, published: published?.snapshot, groups, closed });
    const { alarms } = await reportOf(context, place, published);
    const all = [...findings, ...alarms.map(({ text }) => ({ isSerious: false, text }))];
    const headers = options.read === true ? `, ${opened} of their headers opened` : "";
    say(context, [
      `${counted(trials.size, "key")} kept, ${counted(entries.length - trials.size, "key")} destroyed`,
      `${counted(objects.length, "sealed object")} of ${counted(groups.length, "day key")}${headers}`,
      ...describe(all),
    ]);
    finish(all);
  } finally {
    unlocked.close();
  }
}

/** Each kept key is unwrapped; the keyring compares its public half with the one that is listed. */
async function tryKeys(
  context: Context,
  unlocked: UnlockedKeyring,
  entries: readonly KeyEntry[],
  count: Count,
): Promise<ReadonlyMap<string, KeyTrial>> {
  const trials = new Map<string, KeyTrial>();
  for (const entry of entries) {
    context.signal.throwIfAborted();
    count(1);
    if (entry.destroyedAt === undefined) trials.set(formatDayKey(entry), await tryKey(unlocked, entry));
  }
  return trials;
}

async function tryKey(unlocked: UnlockedKeyring, entry: KeyEntry): Promise<KeyTrial> {
  try {
    const answer = await unlocked.identityOf(entry);
    if (answer.kind !== "identity") return { kind: "lost", message: "it is not in the keyring" };
    answer.identity.fill(0);
    return { kind: "right" };
  } catch (error) {
    if (error instanceof UserError && error.exitCode === exitCode.integrity) {
      return { kind: "lost", message: error.message };
    }
    throw error;
  }
}

interface SealedObject extends StoredObject {
  readonly view: SealedHeader["view"];
}

async function listSealed(
  context: Context,
): Promise<{ readonly groups: readonly ObjectGroup[]; readonly objects: readonly SealedObject[] }> {
  const groups = new Map<string, ObjectGroup>();
  const objects: SealedObject[] = [];
  for (const view of sealedViews) {
    const store = await context.openRoot(view);
    for await (const object of store.list("")) {
      context.signal.throwIfAborted();
      const dayKey = dayKeyNameOf(view, object.key);
      if (dayKey === undefined) continue;
      const name = formatDayKey(dayKey);
      const before = groups.get(name);
      groups.set(name, {
        name,
        objects: (before?.objects ?? 0) + 1,
        example: before?.example ?? `${view}/${object.key}`,
      });
      objects.push({ ...object, view });
    }
  }
  return { groups: [...groups.values()], objects };
}

/** The objects that the key of their name does not open; those of a key that is destroyed or lost are said elsewhere. */
async function openAll(
  context: Context,
  unlocked: UnlockedKeyring,
  objects: readonly SealedObject[],
  count: Count,
): Promise<{ readonly opened: number; readonly closed: readonly ClosedObject[] }> {
  const custodian = createLocalCustodian(unlocked);
  const lookup = randomBytes(16).toString("hex");
  const closed: ClosedObject[] = [];
  let opened = 0;
  for (let start = 0; start < objects.length; start += HEADERS_AT_ONCE) {
    context.signal.throwIfAborted();
    const portion = objects.slice(start, start + HEADERS_AT_ONCE);
    const headers = await readHeaders(context, portion);
    count(portion.length);
    if (headers.length === 0) continue;
    const answers = await custodian.openHeaders({ lookup, purpose: "verify", headers });
    for (const [index, answer] of answers.entries()) {
      const header = headers[index];
      if (answer.kind === "opened") {
        answer.fileKey.fill(0);
        opened++;
      }
      if (answer.kind === "not-openable" && header !== undefined) {
        closed.push({ key: `${header.view}/${header.key}` });
      }
    }
  }
  return { opened, closed };
}

/** One that was purged since it was listed is passed over. */
async function readHeaders(
  context: Context,
  objects: readonly SealedObject[],
): Promise<readonly SealedHeader[]> {
  const headers: SealedHeader[] = [];
  await inParallel(objects, READS, async ({ view, key, sizeBytes }) => {
    const store = await context.openRoot(view);
    try {
      const end = Math.min(sizeBytes, HEADER_BYTES_MAX);
      const start = end === 0 ? new Uint8Array() : await store.read(key, { start: 0, end });
      headers.push({ view, key, header: splitHeader(start) ?? new Uint8Array() });
    } catch (error) {
      if (!(error instanceof ObjectNotFoundError)) throw error;
    }
  });
  return headers;
}

function describe(findings: readonly VerifyFinding[]): readonly string[] {
  if (findings.length === 0) {
    return ["every key is there and right, and every day with objects has one"];
  }
  const sorted = [...findings].sort((a, b) => Number(b.isSerious) - Number(a.isSerious));
  const shown = sorted.slice(0, FINDINGS_SHOWN_MAX).map(({ text }) => `! ${text}`);
  const more = sorted.length - shown.length;
  return more === 0 ? shown : [...shown, `! and ${more} more`];
}

function finish(findings: readonly VerifyFinding[]): void {
  const serious = findings.filter(({ isSerious }) => isSerious).length;
  if (serious > 0) {
    throw new UserError(
      `${counted(serious, "finding")}: keys or objects are lost or wrong, see above`,
      exitCode.integrity,
    );
  }
  if (findings.length > 0) {
    throw new UserError(
      `${counted(findings.length, "alarm")}: somebody has to see to it, see above`,
      exitCode.partial,
    );
  }
}
