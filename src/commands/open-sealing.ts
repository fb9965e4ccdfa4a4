import type { ClassPolicy, ClosedDays } from "../../ingest/batch/event-bounds.ts";
import { addDays, type Day, dayOfMs, daysBetween, epochDay } from "../day.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { counted } from "../keyring/counted.ts";
import { LOW_DAYS, QUARANTINE_CLASS } from "../keyring/plan-keys.ts";
import { newestSnapshot } from "../recipients/io/newest-snapshot.ts";
import type { PublishedRecipients } from "../recipients/io/read-recipients.ts";
import { refuseExchanged } from "../recipients/io/seen-store.ts";
import { createRecipientBook, type RecipientBook } from "../recipients/recipient-book.ts";
import type { RecipientSnapshot } from "../recipients/recipient-snapshot.ts";
import { type DayKeyName, formatDayKey, type SealedView } from "../seal/day-key-name.ts";
import type { StoreIdentity } from "../store-identity.ts";
import { oldestKeptDay, type Term } from "../term.ts";
import type { Context } from "./context.ts";
import { ensureRecipients } from "./ensure-recipients.ts";

/** For whom a run seals, and which days are closed to it. */
export interface Sealing extends ClosedDays {
  readonly snapshot: RecipientSnapshot;
}

/** A small keyring sees to itself before anybody has to be told. */
const REFRESH_DAYS = 200;

/** The keys of one view and class for which lines may come in. */
interface NeededSeries {
  readonly view: SealedView;
  readonly retentionClass: string;
  readonly firstDay: Day;
}

/**
 * What a run must know to seal, or undefined for a store that is not sealed. Throws UserError when a view and class
 * has no recipient for a day that is within its term: then no line may be read.
 */
export async function openSealing(
  context: Context,
  identity: StoreIdentity,
  classes: readonly ClassPolicy[],
): Promise<Sealing | undefined> {
  if (identity.seal === "none") {
    await refuseDowngrade(context);
    return undefined;
  }
  const today = dayOfMs(context.nowMs);
  const series = neededSeries(today, classes, context.config.quarantineTerm);
  const needed = series.flatMap((one) => namesOf(one, addDays(today, 1)));
  const ahead = series.map((one) => nameOn(one, addDays(today, REFRESH_DAYS)));
  const recipients = await ensureRecipients(context, identity, [...needed, ...ahead]);
  const book = createRecipientBook(recipients.snapshot);
  refuseMissing(book, needed, series);
  noteFirstUse(context, recipients);
  noteLowDays(context, book, series, today);
  return { snapshot: recipients.snapshot, ...closedDays(book, needed, classes) };
}

/**
 * What `published/store.json` says is not signed: where anything else says that the store is sealed, nothing is taken in
 * the clear.
 */
async function refuseDowngrade({ config, stateDirectory, openRoot }: Context): Promise<void> {
  const published = await openRoot("published");
  await refuseExchanged(stateDirectory, published.url, undefined);
  const isPinned = config.keys.providerKey !== undefined;
  if (!isPinned && (await newestSnapshot(published)) === undefined) return;
  const because = isPinned
    ? "the config names a provider of keys (keys.provider)"
    : "recipients are published";
  throw new UserError(
    `${published.url}/store.json says that this store is not sealed (seal: none), and ${because}: one of the two is wrong, or was exchanged. No line was taken; the logs stay where they are. Find out who wrote it`,
    exitCode.integrity,
  );
}

function neededSeries(
  today: Day,
  classes: readonly ClassPolicy[],
  quarantineTerm: Term,
): readonly NeededSeries[] {
  return [
    ...classes.map(
      ({ name, raw }): NeededSeries => ({
        view: "raw",
        retentionClass: name,
        firstDay: oldestKeptDay(today, raw),
      }),
    ),
    {
      view: "quarantine",
      retentionClass: QUARANTINE_CLASS,
      firstDay: oldestKeptDay(today, quarantineTerm),
    },
  ];
}

function namesOf(series: NeededSeries, lastDay: Day): readonly DayKeyName[] {
  const days = daysBetween(series.firstDay, lastDay) + 1;
  return Array.from({ length: days }, (_, index) => nameOn(series, addDays(series.firstDay, index)));
}

function nameOn({ view, retentionClass }: NeededSeries, day: Day): DayKeyName {
  return { view, day, retentionClass };
}

/**
 * A clock that is behind the custodian's, or terms that end at another hour, ask for a day or two that have no key any
 * more, or never had: lines of these are refused, and stop nobody.
 */
const EDGE_DAYS = 2;

function isAtEdge(name: DayKeyName, series: readonly NeededSeries[]): boolean {
  const own = series.find(
    ({ view, retentionClass }) => view === name.view && retentionClass === name.retentionClass,
  );
  return own !== undefined && daysBetween(own.firstDay, name.day) < EDGE_DAYS;
}

function refuseMissing(
  book: RecipientBook,
  needed: readonly DayKeyName[],
  series: readonly NeededSeries[],
): void {
  const missing = needed.filter((name) => book.recipientOf(name).kind === "missing");
  const [first] = missing;
  if (first === undefined || missing.every((name) => isAtEdge(name, series))) return;
  const { view, retentionClass } = first;
  const isOfClass = (name: DayKeyName): boolean =>
    name.view === view && name.retentionClass === retentionClass;
  const isUnknownClass = missing.filter(isOfClass).length === needed.filter(isOfClass).length;
  const what = isUnknownClass
    ? `the class ${retentionClass} of ${view} has no keys that are published`
    : `no key is published for ${formatDayKey(first)} (view/day/class)`;
  throw new UserError(
    `${what}, so that its lines could not be sealed. On the custodian's machine, with the same classes and terms in its config, run "hostlog keys ensure" and "hostlog keys publish". No line was taken; the logs stay where they are.`,
    exitCode.tryAgain,
  );
}

function closedDays(
  book: RecipientBook,
  needed: readonly DayKeyName[],
  classes: readonly ClassPolicy[],
): ClosedDays {
  // What is missing by now is at the edge of its term.
  const destroyed = needed.filter((name) => book.recipientOf(name).kind !== "open");
  const daysOf = (names: readonly DayKeyName[]): ReadonlySet<number> =>
    new Set(names.map(({ day }) => epochDay(day)));
  return {
    closedRawDays: classes.map(({ name }) =>
      daysOf(destroyed.filter(({ view, retentionClass }) => view === "raw" && retentionClass === name)),
    ),
    closedQuarantineDays: daysOf(destroyed.filter(({ view }) => view === "quarantine")),
  };
}

function noteFirstUse({ stderr }: Context, { isFirstUse, providerKey }: PublishedRecipients): void {
  if (!isFirstUse) return;
  stderr.write(
    `note: this machine trusts the provider's key ${providerKey} from now on, because it saw it first; compare it with "hostlog keys list" on the custodian's machine, and write it into the config as keys.provider\n`,
  );
}

function noteLowDays(
  { stderr }: Context,
  book: RecipientBook,
  series: readonly NeededSeries[],
  today: Day,
): void {
  const isKnown = (days: number): boolean =>
    series.every((one) => book.recipientOf(nameOn(one, addDays(today, days))).kind !== "missing");
  if (isKnown(LOW_DAYS)) return;
  let days = LOW_DAYS - 1;
  while (days > 0 && !isKnown(days)) days--;
  stderr.write(
    `warning: keys are published up to ${addDays(today, days)}, in ${counted(days, "day")}, and from that day on no line can be taken: run "hostlog keys ensure" and "hostlog keys publish" on the custodian's machine\n`,
  );
}
