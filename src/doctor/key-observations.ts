import type { KeyringKind } from "../keyring/keyring.ts";
import type { Answer } from "./answer.ts";

/** What was seen of the keys of a store that seals, from this machine. */
export interface KeyObservations {
  readonly keyring: KeyringPresence;
  /** Undefined: nothing is published. */
  readonly recipients: Answer<RecipientsSighting | undefined>;
  /** Undefined where the config names none. */
  readonly custodian: CustodianSighting | undefined;
  /** Undefined where nobody looks up, as there is nobody to ask for keys. */
  readonly lookUps: LookUpSighting | undefined;
  readonly cores: Answer<CoreSighting>;
}

export type KeyringPresence =
  | { readonly kind: "elsewhere" }
  /** The message says why: others may read it, it is damaged, it is another store's. */
  | { readonly kind: "unusable"; readonly message: string }
  | {
      readonly kind: "here";
      readonly keyringKind: KeyringKind;
      readonly folder: string;
      readonly isInsideStore: boolean;
      /** A root in a folder on the same file system; undefined where there is none. */
      readonly rootBeside: string | undefined;
    };

/** What is published, after its signature was checked. */
export interface RecipientsSighting {
  readonly generation: number;
  readonly providerKey: string;
  /** By the config, or by the keyring itself; else by what this machine has seen first. */
  readonly isPinned: boolean;
  /** Days behind today for which each view and class of the config has a key; undefined where one has none today. */
  readonly daysLeft: number | undefined;
  /** Views and classes of the config without a recipient today, such as `raw short`. */
  readonly missing: readonly string[];
}

export type CustodianSighting =
  | { readonly kind: "serves"; readonly url: string; readonly isOfThisStore: boolean }
  | { readonly kind: "unreached"; readonly url: string; readonly message: string };

export interface LookUpSighting {
  readonly memory: Answer<MemorySighting>;
  /** Where the machine writes memory to when it runs short; undefined where that cannot be seen. */
  readonly swaps: readonly string[] | undefined;
}

export type MemorySighting =
  | { readonly kind: "there"; readonly path: string; readonly roomBytes: number }
  | { readonly kind: "unusable"; readonly because: string };

export interface CoreSighting {
  /** False when the kernel leaves all of this program's memory out of core files. */
  readonly hasMemory: boolean;
  /** True when a core may be written at all, with what is in registers. */
  readonly isWritten: boolean;
}
