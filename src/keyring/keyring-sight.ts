import { type Day, dayOfMs, daysBetween } from "../day.ts";
import type { RecipientSnapshot } from "../recipients/recipient-snapshot.ts";
import type { KeyExport } from "./key-export.ts";
import type { KeyEntry, Keyring } from "./keyring.ts";
import type { WishedSeries } from "./plan-keys.ts";

/** What a keyring says of itself, and what was seen around it. */
export interface KeyringSight {
  readonly keyring: Pick<
    Keyring,
    "folder" | "storeId" | "kind" | "providerKey" | "custodianRecipient" | "people"
  >;
  readonly entries: readonly KeyEntry[];
  readonly exports: readonly KeyExport[];
  /** Undefined when nothing is published. */
  readonly published: RecipientSnapshot | undefined;
  /** By whose signature it is known. */
  readonly publishedBy: string | undefined;
  readonly wished: readonly WishedSeries[];
  readonly today: Day;
}

/** True while nobody has said that an export is no more. */
export function isOutstanding({ gone }: KeyExport): boolean {
  return gone === undefined;
}

export function isKept({ destroyedAt }: KeyEntry): boolean {
  return destroyedAt === undefined;
}

/** Of those that must be taken to be there: an export that is gone is no copy. */
export function newestExport(exports: readonly KeyExport[]): KeyExport | undefined {
  return exports
    .filter(isOutstanding)
    .reduce<KeyExport | undefined>(
      (newest, one) => (newest === undefined || one.at >= newest.at ? one : newest),
      undefined,
    );
}

/** Whole UTC days since an ISO 8601 instant; 0 for one to come. */
export function daysSince(at: string, today: Day): number {
  return Math.max(0, daysBetween(dayOfMs(Date.parse(at)), today));
}
