import type { DayObject } from "../../query/batches.ts";
import { type DomainFilter, parseDomainFilter } from "../../query/domain-filter.ts";
import { isSealed } from "../../query/io/bring-objects.ts";
import { COPY_BYTES_MAX, type CopyPlace, copyRows } from "../../query/io/copy-rows.ts";
import { listObjects } from "../../query/io/list-objects.ts";
import { openUnsealing, type Unsealing } from "../../query/io/unsealing.ts";
import { type Network, parseNetwork } from "../address.ts";
import { addDays, type Day, dayOfMs } from "../day.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import type { HoldScope } from "../holds/hold-scope.ts";
import type { Hold } from "../holds/hold-state.ts";
import { formatInputs, readInputs, readLookedThrough } from "../holds/looked-through.ts";
import { batchOfCopy, planCopies } from "../holds/plan-copies.ts";
import { putAttachment } from "../ledger/attachment.ts";
import type { Attachment, RecordedObject } from "../ledger/recorded-object.ts";
import { withScratchFolder } from "../scratch-folder.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { version } from "../version.ts";
import type { Context } from "./context.ts";
import type { HoldControl } from "./hold-control.ts";
import { type CopiesPlace, putCopy, readStoppedCopy } from "./hold-copies.ts";
import type { HoldKeys } from "./hold-keys.ts";
import { stampOf } from "./keys-place.ts";
import { openOpenedFolder } from "./opened-folder.ts";

export interface HoldPlace {
  readonly context: Context;
  readonly control: HoldControl;
  /** Undefined for a store that is not sealed. */
  readonly keys: HoldKeys | undefined;
  readonly raw: ObjectStore;
}

/** What came of copying for a hold. */
export interface CopyReport {
  /** Objects of nodes that were looked through just now, and of how many days. */
  readonly lookedThrough: number;
  readonly days: number;
  readonly rows: number;
  /** Objects that hold these rows. */
  readonly copies: number;
  /** Keys of objects that could not be looked through: their key was destroyed, is lost, or they went meanwhile. */
  readonly destroyed: readonly string[];
  readonly keyless: readonly string[];
  readonly vanished: readonly string[];
  /** Keys in the name of the hold of which nobody knows how they came there. */
  readonly unknown: readonly string[];
}

type Counting = { -readonly [Name in keyof CopyReport]: CopyReport[Name] };

interface Copying extends HoldPlace, CopiesPlace {
  readonly domains: readonly DomainFilter[];
  readonly networks: readonly Network[];
  readonly report: Counting;
}

/** Of what a copy was made. */
interface CopyInputs {
  readonly attachment: Attachment;
  readonly keys: readonly string[];
}

/**
 * Copies the rows of a hold out of every object that nobody has looked through for it, day by day. Killed anywhere, it is
 * brought to its end by the next: a record says which objects were looked through, and a copy tells by its name of which
 * it was made. Throws UserError for an object that is damaged; the days before it are done then.
 */
export async function copyHold(place: HoldPlace, hold: Hold, scope: HoldScope): Promise<CopyReport> {
  const { context, control, raw, keys } = place;
  const { signal } = context;
  const listing = await listObjects(raw, "raw", daysToLookAt(hold, context), signal);
  const copies = listing.copiesFor(hold.id);
  const inputs = await readInputsOf(control.ledger, hold, copies);
  const lookedThrough = await readLookedThrough(control.ledger, [hold]);
  const inputsOf = ({ key }: DayObject): readonly string[] | undefined => inputs.get(key)?.keys;
  const plan = planCopies(hold, { objects: listing.objects, copies, inputsOf }, lookedThrough);
  const report = emptyReport(plan.unknown);
  await removeDoubled(raw, plan.remove);
  if (plan.adopt.length === 0 && plan.copy.size === 0) return report;
  const objectOf = new Map(listing.objects.map((object) => [object.key, object]));
  const work = async (copyPlace: CopyPlace): Promise<void> => {
    const copying = { ...place, hold, ...filtersOf(scope), copyPlace, report };
    for (const copy of plan.adopt) {
      const known = inputs.get(copy.key);
      if (known !== undefined) await adopt(copying, copy, known, objectOf);
    }
    for (const [day, objects] of plan.copy) await copyDay(copying, day, objects);
  };
  const sealed = [...plan.adopt, ...[...plan.copy.values()].flat()].filter(isSealed);
  await withScratchFolder(context.stateDirectory, "hold", async (scratchDirectory) => {
    const unsealing = await openHoldUnsealing(context, keys, sealed, scratchDirectory);
    const purpose = { purpose: "hold", case: hold.case } as const;
    const metadata = { "hostlog.program": `hostlog ${version}`, "hostlog.hold": hold.id };
    try {
      await work({ store: raw, unsealing, purpose, scratchDirectory, metadata, signal });
    } finally {
      await unsealing?.close();
    }
  });
  return report;
}

/** Nodes take lines a day ahead of their clock. */
function daysToLookAt({ firstDay, lastDay }: Hold, { nowMs }: Context): readonly Day[] {
  const tomorrow = addDays(dayOfMs(nowMs), 1);
  const last = lastDay < tomorrow ? lastDay : tomorrow;
  const days: Day[] = [];
  for (let day = firstDay; day <= last; day = addDays(day, 1)) days.push(day);
  return days;
}

/** Of copies that no record names: of what each was made, by its key. */
async function readInputsOf(
  ledger: ObjectStore,
  hold: Hold,
  copies: readonly DayObject[],
): Promise<ReadonlyMap<string, CopyInputs>> {
  const recorded = new Set(
    [...hold.copied.values()].flat().flatMap(({ outputs }) => outputs.map(({ key }) => key)),
  );
  const found = new Map<string, CopyInputs>();
  for (const copy of copies) {
    const batch = recorded.has(copy.key) ? undefined : batchOfCopy(copy);
    if (batch === undefined) continue;
    for await (const { key, sizeBytes } of ledger.list(`holds/${batch}`)) {
      const sha256 = /^holds\/([0-9a-f]{64})\.json\.gz$/.exec(key)?.[1];
      if (sha256 === undefined) continue;
      const attachment = { key, sizeBytes, sha256 };
      found.set(copy.key, { attachment, keys: await readInputs(ledger, attachment) });
    }
  }
  return found;
}

/** Every row of theirs is in a copy that is recorded. */
async function removeDoubled(raw: ObjectStore, doubled: readonly DayObject[]): Promise<void> {
  if (doubled.length === 0) return;
  const [failure] = await raw.remove(doubled.map(({ key }) => key));
  if (failure === undefined) return;
  throw new UserError(
    `${failure.key} in ${raw.url} holds rows of a hold that another copy has too, and cannot be removed (${failure.message}): remove it with credentials that may, then run this again`,
    exitCode.partial,
  );
}

function filtersOf({ domains, addresses }: HoldScope): Pick<Copying, "domains" | "networks"> {
  const filters = {
    domains: domains.flatMap((text) => parseDomainFilter(text) ?? []),
    networks: addresses.flatMap((text) => parseNetwork(text) ?? []),
  };
  if (filters.domains.length === domains.length && filters.networks.length === addresses.length)
    return filters;
  throw new UserError(
    "a hold's scope names what this version of hostlog does not know: use a newer one",
    exitCode.config,
  );
}

/** Undefined where nothing sealed is to be opened. */
async function openHoldUnsealing(
  context: Context,
  keys: HoldKeys | undefined,
  sealed: readonly DayObject[],
  scratchDirectory: string,
): Promise<Unsealing | undefined> {
  if (sealed.length === 0) return undefined;
  if (keys === undefined) {
    throw new UserError(
      "there are sealed objects in a store that says of itself that it is not sealed (seal: none): find out which store they are of",
      exitCode.integrity,
    );
  }
  const largest = Math.max(...sealed.map(({ sizeBytes }) => sizeBytes));
  return openUnsealing(
    {
      custodian: async () => ({ ...(await keys.custodian()), close: async () => undefined }),
      openedFolder: (neededBytes) => openOpenedFolder(context, scratchDirectory, neededBytes),
    },
    COPY_BYTES_MAX + largest,
  );
}

async function copyDay(copying: Copying, day: Day, objects: readonly DayObject[]): Promise<void> {
  const { domains, networks, copyPlace, control, report } = copying;
  let isCounted = false;
  for await (const found of copyRows({ day, objects, domains, networks }, copyPlace)) {
    report.destroyed = [...report.destroyed, ...found.destroyed];
    report.keyless = [...report.keyless, ...found.keyless];
    report.vanished = [...report.vanished, ...found.vanished];
    if (found.lookedThrough.length === 0) continue;
    const inputs = await putAttachment(control.ledger, "holds", formatInputs(found.lookedThrough));
    const output = await putCopy(copying, day, inputs, found);
    await record(copying, day, inputs, found.lookedThrough.length, output);
    report.days += isCounted ? 0 : 1;
    isCounted = true;
  }
}

/** Records a copy that a process made that was stopped before it came to that. */
async function adopt(
  copying: Copying,
  copy: DayObject,
  { attachment, keys }: CopyInputs,
  objectOf: ReadonlyMap<string, DayObject>,
): Promise<void> {
  const { domains, networks } = copying;
  const objects = keys.flatMap((key) => objectOf.get(key) ?? []);
  const isWhole = objects.length === keys.length;
  const output = await readStoppedCopy(copying, copy, isWhole ? { objects, domains, networks } : undefined);
  await record(copying, copy.day, attachment, keys.length, output);
}

async function record(
  { hold, control, context, report }: Copying,
  day: Day,
  inputs: Attachment,
  inputObjects: number,
  output: RecordedObject | undefined,
): Promise<void> {
  const outputs = output === undefined ? [] : [output];
  const rows = output?.rows ?? 0;
  await control.append({
    kind: "hold-copied",
    ...stampOf(context),
    hold: hold.id,
    day,
    inputs,
    inputObjects,
    outputs,
    rows,
  });
  report.lookedThrough += inputObjects;
  report.rows += rows;
  report.copies += outputs.length;
}

function emptyReport(unknown: readonly DayObject[]): Counting {
  return {
    lookedThrough: 0,
    days: 0,
    rows: 0,
    copies: 0,
    destroyed: [],
    keyless: [],
    vanished: [],
    unknown: unknown.map(({ key }) => key),
  };
}
