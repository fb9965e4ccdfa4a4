import { decideKeys, type KeyDecision, type WaitingKey } from "../../retention/due-keys.ts";
import { judgeWatermark } from "../../retention/guards/clock-after-ledger.ts";
import { judgeClocks } from "../../retention/guards/clocks-agree.ts";
import { DUE_DAYS_AT_ONCE_MAX } from "../../retention/guards/due-days.ts";
import { foldRetention } from "../../retention/retention-state.ts";
import { type Day, parseDay } from "../day.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { formatBytes } from "../format-bytes.ts";
import { foldHolds, holdTerms } from "../holds/hold-state.ts";
import { counted } from "../keyring/counted.ts";
import type { KeyEntry, Keyring, UnlockedKeyring } from "../keyring/keyring.ts";
import { renderTable } from "../keyring/render-table.ts";
import type { KeysDestroyedRecord } from "../ledger/key-record.ts";
import { readControl } from "../ledger/read-control.ts";
import { dayPrefix } from "../partition.ts";
import { type DayKeyName, dayKeyNameOf, formatDayKey, type SealedView } from "../seal/day-key-name.ts";
import type { StoreIdentity } from "../store-identity.ts";
import type { CommonOptions, Context } from "./context.ts";
import { type SecretOptions, unlockKeyring } from "./custodian-secrets.ts";
import { destroyKeys } from "./destroy-keys.ts";
import { recordKeys } from "./key-ledger.ts";
import { describePublication, say } from "./keys-make.ts";
import { openKeysPlace, refuseMadeUpClock } from "./keys-place.ts";
import { refuseUnacceptedWriter } from "./ledger-writer.ts";
import { describeOutstanding, outstandingExports, whatIsForgotten } from "./outstanding-exports.ts";
import { publishKeys } from "./publish-keys.ts";

export interface DestroyOptions extends CommonOptions, SecretOptions {
  readonly day?: string;
  readonly due?: boolean;
  readonly view?: SealedView;
  readonly class?: string;
  readonly days?: string;
  readonly yes?: boolean;
  readonly dryRun?: boolean;
}

/** `keys destroy`. Without `--yes` the keys of a day are shown and stay; those that are due need none. */
export async function destroyNamed(context: Context, options: DestroyOptions): Promise<void> {
  const day = readSelection(options);
  const { identity, keyring } = await openKeysPlace(context);
  const entries = (await keyring.entries()).filter(isOf(options));
  const decision = day === undefined ? await decideDue(context, identity, entries, options) : undefined;
  const asked =
    day === undefined ? selectDue(entries, decision) : entries.filter((entry) => entry.day === day);
  const doomed = asked.filter(({ destroyedAt }) => destroyedAt === undefined);
  const acts = options.due === true ? options.dryRun !== true : options.yes === true;
  noteWaiting(context, decision);
  if (!acts) return showDoomed(context, options, doomed);
  refuseMadeUpClock(context, identity);
  await refuseUnacceptedWriter(context);
  refuseTooMany(doomed, decision, options);
  // Before its time a key is destroyed only by who can tell the nodes: they would seal for a key that nobody has.
  const unlocked = options.due === true ? undefined : await unlockKeyring(keyring, options);
  try {
    await destroyAsked(context, keyring, asked, unlocked);
  } finally {
    unlocked?.close();
  }
}

async function destroyAsked(
  context: Context,
  keyring: Keyring,
  asked: readonly KeyEntry[],
  unlocked: UnlockedKeyring | undefined,
): Promise<void> {
  // With those that are destroyed already: a run that ended before it recorded them is made up for.
  const record = await destroyKeys(context, keyring, asked).catch(async (error: unknown) => {
    // The keys are gone, whatever came of the rest: nodes must not go on sealing for them.
    if (unlocked !== undefined) await tellNodes(context, unlocked);
    throw error;
  });
  say(context, describeDestroyed(record));
  // What is past its term nodes refuse by themselves.
  if (unlocked === undefined) await recordKeys(context, keyring, undefined);
  else say(context, await tellNodes(context, unlocked));
  const exports = await outstandingExports(keyring);
  context.stderr.write(describeOutstanding(exports));
  const forgotten = whatIsForgotten(exports, context.nowMs);
  if (forgotten !== undefined) throw forgotten;
}

/** Undefined: those that are due. */
function readSelection({ day: dayText, due, dryRun }: DestroyOptions): Day | undefined {
  if ((dayText === undefined) === (due !== true)) throw mistake("say which keys: --day DAY, or --due");
  if (due !== true && dryRun === true)
    throw mistake("--dry-run goes with --due; without --yes a day is shown");
  if (dayText === undefined) return undefined;
  const day = parseDay(dayText);
  if (day === undefined) throw mistake(`"${dayText}" is no day: write it as 2026-11-22`);
  return day;
}

function isOf({ view, class: retentionClass }: DestroyOptions): (name: DayKeyName) => boolean {
  return (name) =>
    (view === undefined || name.view === view) &&
    (retentionClass === undefined || name.retentionClass === retentionClass);
}

/** A key is destroyed under the plan of its objects, which the control chain tells, wherever these are destroyed. */
async function decideDue(
  { config, nowMs, nowIsArgument: isArgument, openRoot }: Context,
  { id: storeId }: StoreIdentity,
  entries: readonly KeyEntry[],
  { days }: DestroyOptions,
): Promise<KeyDecision> {
  const ledger = await openRoot("ledger");
  const { records, writers } = await readControl(ledger, config.ledger.keys, { storeId });
  const state = foldRetention(records, writers);
  const now = { ms: nowMs, isArgument };
  const storeMs = await ledger.clockMs();
  const refusal =
    judgeClocks(now, storeMs) ?? judgeWatermark(now, { storeMs, newestRecordMs: state.newestRecordMs });
  if (refusal !== undefined) throw new UserError(refusal.message, exitCode.tryAgain);
  const { classes, quarantineTerm } = config;
  const holds = holdTerms(foldHolds(records, writers));
  return decideKeys({
    entries,
    policy: { classes, quarantineTerm, holds },
    state,
    nowMs,
    daysAtOnceMax: days === undefined ? undefined : Number(days),
  });
}

/** With those that are destroyed already: a run that ended before it recorded them is made up for. */
function selectDue(entries: readonly KeyEntry[], decision: KeyDecision | undefined): readonly KeyEntry[] {
  const names = new Set(decision?.destroy.map(formatDayKey));
  return entries.filter((entry) => entry.destroyedAt !== undefined || names.has(formatDayKey(entry)));
}

function noteWaiting(context: Context, decision: KeyDecision | undefined): void {
  const waiting = waitingOf(decision, "plan").length;
  if (waiting === 0) return;
  context.stderr.write(
    `note: ${counted(waiting, "key")} past the term of the config ${waiting === 1 ? "waits" : "wait"} for the plan of their objects: see hostlog retention plan\n`,
  );
}

function waitingOf(decision: KeyDecision | undefined, because: WaitingKey["because"]): readonly WaitingKey[] {
  return decision?.waiting.filter((key) => key.because === because) ?? [];
}

function refuseTooMany(
  doomed: readonly KeyEntry[],
  decision: KeyDecision | undefined,
  { days }: DestroyOptions,
): void {
  const tooMany = waitingOf(decision, "many-days");
  const count = new Set([...doomed, ...tooMany].map(({ day }) => day)).size;
  if (days === undefined ? tooMany.length === 0 : days === String(count) || count <= DUE_DAYS_AT_ONCE_MAX)
    return;
  const said = days === undefined ? "" : `, and --days says ${days}`;
  throw mistake(
    `these are the keys of ${count} days${said}: nothing was destroyed. If the clock and the terms of the config are right, say so with --days ${count}`,
  );
}

/** A node that does not know would go on sealing what nobody will be able to open. */
async function tellNodes(context: Context, unlocked: UnlockedKeyring): Promise<readonly string[]> {
  const publication = await publishKeys(context, unlocked);
  await recordKeys(context, unlocked.keyring, publication);
  return [describePublication(publication)];
}

function describeDestroyed(record: KeysDestroyedRecord | undefined): readonly string[] {
  if (record === undefined) return ["no such key was left to destroy"];
  const { keys, copies } = record;
  const days = [...new Set(keys.map(({ day }) => day))].sort();
  const ofDays = days.length === 1 ? days[0] : `days from ${days[0]} to ${days.at(-1)}`;
  return [
    record.probe === "not tried"
      ? `${counted(keys.length, "key")} destroyed, of ${ofDays}: no file of the keyring holds them any more`
      : `${counted(keys.length, "key")} destroyed, of ${ofDays}: what was sealed for them cannot be opened with anything that is left here`,
    ...copies.map((copy) => `removed from ${copy}`),
  ];
}

async function showDoomed(
  context: Context,
  { due }: DestroyOptions,
  doomed: readonly KeyEntry[],
): Promise<void> {
  if (doomed.length === 0) {
    say(context, [due === true ? "no key is due" : "there is no such key, or it is destroyed already"]);
    return;
  }
  const held = await objectsOf(context, doomed);
  const rows = doomed.map((name) => {
    const { objects, sizeBytes } = held.get(formatDayKey(name)) ?? { objects: 0, sizeBytes: 0 };
    return [name.view, name.day, name.retentionClass, String(objects), formatBytes(sizeBytes)];
  });
  const next =
    due === true
      ? "leave --dry-run out to destroy them"
      : "with --yes they are destroyed, and nobody can ever open these objects again, nor any copy of them";
  say(context, [
    ...renderTable([["VIEW", "DAY", "CLASS", "OBJECTS", "SIZE"], ...rows], [3, 4]),
    "",
    `${counted(doomed.length, "key")}; ${next}`,
  ]);
}

interface Held {
  readonly objects: number;
  readonly sizeBytes: number;
}

async function objectsOf(context: Context, names: readonly DayKeyName[]): Promise<ReadonlyMap<string, Held>> {
  const held = new Map<string, Held>();
  const places = new Map<string, readonly [SealedView, Day]>(
    names.map(({ view, day }) => [`${view}/${day}`, [view, day]]),
  );
  for (const [view, day] of places.values()) {
    const store = await context.openRoot(view);
    for await (const { key, sizeBytes } of store.list(dayPrefix(day))) {
      const name = dayKeyNameOf(view, key);
      if (name === undefined) continue;
      const before = held.get(formatDayKey(name)) ?? { objects: 0, sizeBytes: 0 };
      held.set(formatDayKey(name), {
        objects: before.objects + 1,
        sizeBytes: before.sizeBytes + sizeBytes,
      });
    }
  }
  return held;
}

function mistake(message: string): UserError {
  return new UserError(message, exitCode.usage);
}
