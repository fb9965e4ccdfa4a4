import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { groupName } from "../../retention/group-name.ts";
import type { PurgeWorld } from "../../retention/io/purge-world.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { putAttachment, readAttachment } from "../ledger/attachment.ts";
import type { ControlWriter } from "../ledger/control-writer.ts";
import type { Lease, RecordStamp } from "../ledger/lease.ts";
import { decodeInventory, encodeInventory } from "../ledger/purge-inventory.ts";
import type { PurgedKeys, PurgeGroup } from "../ledger/retention-record.ts";
import type { Context } from "./context.ts";
import { openRecordedObjects, type RecordedObjects } from "./recorded-objects.ts";
import { holdsOf } from "./retention-holds.ts";
import { checkedClocks, type KnownControl, type RetentionSight } from "./retention-sight.ts";
import type { StoreKeys } from "./shred-due-keys.ts";

/** A run of retention that has the lease. */
export interface LeasedRun {
  readonly context: Context;
  readonly control: ControlWriter;
  readonly lease: Lease;
  readonly sight: RetentionSight;
  /** The run's clock. */
  readonly stamp: () => RecordStamp;
}

/** What destroying works on, and what was found while it did. */
export interface OpenedWorld {
  readonly world: PurgeWorld;
  /** In words: chains of which not all could be read. */
  faults(): readonly string[];
}

/** `signal`: aborted when the run is to end. */
export function openPurgeWorld(
  { context, control, lease, sight, stamp }: LeasedRun,
  signal: AbortSignal,
): OpenedWorld {
  const { ledger, signer, writers } = control;
  const known = (): KnownControl => ({ records: lease.records, writers });
  let recorded: Promise<RecordedObjects> | undefined;
  const faults: string[] = [];
  const openRecorded = async (): Promise<RecordedObjects> => {
    const folder = join(context.stateDirectory, "recorded", signer.storeId);
    const opened = await openRecordedObjects(ledger, folder);
    faults.push(...opened.faults.map(({ chain, message }) => `chain ${chain}: ${message}`));
    return opened;
  };
  /** What is due goes all the same: its inventory then says neither rows nor hashes. */
  const noRecords = (error: unknown): RecordedObjects => {
    const why = error instanceof Error ? error.message : String(error);
    faults.push(`rows and hashes of what was destroyed could not be found out: ${why}`);
    return { faults: [], of: async () => new Map() };
  };
  const world: PurgeWorld = {
    stores: sight.stores,
    append: (body) => lease.append(body),
    putInventory: async (inventory) =>
      await putAttachment(ledger, "inventories", await encodeInventory(inventory)),
    async readInventory(attachment) {
      try {
        return await decodeInventory(await readAttachment(ledger, attachment));
      } catch (error) {
        if (error instanceof UserError) throw error;
        throw new UserError(
          `${attachment.key} in ${ledger.url} is recorded as an inventory, and is none: another program wrote it; find out which`,
          exitCode.integrity,
          { cause: error },
        );
      }
    },
    async recorded(view, day) {
      recorded ??= openRecorded().catch(noRecords);
      return (await recorded).of(view, day);
    },
    stamp,
    clocks: () => checkedClocks(ledger, () => stamp().at),
    keysOf: async (group) => keysOf(group, known(), sight.keys),
    holdsOf: (group, keys) => holdsOf(ledger, known(), group, keys, context.nowMs),
    by: context.hostName,
    wait: (delayMs) => delay(delayMs),
    signal,
  };
  return { world, faults: () => faults };
}

/** What the control chain says of the group's key by now. */
function keysOf(group: PurgeGroup, { records, writers }: KnownControl, keys: StoreKeys): PurgedKeys {
  const { view } = group;
  if (view === "analytics" || keys.kind === "unsealed") return { kind: "none" };
  const name = groupName(group);
  const gone = new Set<number>();
  let found: { readonly record: number; readonly exports: readonly number[] } | undefined;
  for (const stored of records) {
    const { body, sequence } = stored.record;
    if (body.kind !== "keys-destroyed" && body.kind !== "export-gone") continue;
    if (!writers.trusts(stored)) continue;
    if (body.kind === "export-gone") gone.add(body.number);
    else if (found === undefined && body.keys.some((key) => groupName(key) === name)) {
      found = { record: sequence, exports: body.exportsOutstanding };
    }
  }
  if (found !== undefined) {
    const exportsOutstanding = found.exports.filter((number) => !gone.has(number));
    return { kind: "destroyed", record: found.record, exportsOutstanding };
  }
  const isHere = keys.kind === "here" && keys.entries.every((entry) => groupName(entry) !== name);
  return isHere ? { kind: "none" } : { kind: "outstanding" };
}
