import type { Day } from "../day.ts";
import type { DayKeyName } from "../seal/day-key-name.ts";
import type { KeyExport } from "./key-export.ts";
import type { WishedSeries } from "./plan-keys.ts";
import type { ProviderLink } from "./provider-history.ts";

/** How the custodian identity lies on the disk: in the clear, or wrapped for people or a passphrase. */
export type KeyringKind = "small" | "team";

/** What a keyring knows of a key without any secret. Times are ISO 8601. */
export interface KeyEntry extends DayKeyName {
  /** The public half, `age1…`. */
  readonly recipient: string;
  readonly createdAt: string;
  /** Undefined for a key that is kept. */
  readonly destroyedAt: string | undefined;
  /** Of a destroyed key: the numbers of the exports that held it then and were not confirmed gone. */
  readonly exportedIn?: readonly number[];
}

/** What can be done without a secret. */
export interface Keyring {
  /** Absolute. */
  readonly folder: string;
  readonly storeId: string;
  readonly kind: KeyringKind;
  /** By whose signature nodes know what is published: `ed25519:` and base64. */
  readonly providerKey: string;
  /** Every key that the provider has had, the oldest first. */
  readonly providerHistory: readonly ProviderLink[];
  /** For whom day keys are wrapped, `age1…`. */
  readonly custodianRecipient: string;
  /** Who can open the custodian identity of a team: recipients (`age1…`), none when it is a passphrase. */
  readonly people: readonly string[];
  /** By view, class and day. */
  entries(): Promise<readonly KeyEntry[]>;
  /** Makes the keys that are missing, and never one for a day whose key was destroyed. */
  ensure(wished: readonly WishedSeries[], at: string): Promise<KeysMade>;
  /** Removes every stored copy of these private keys. Names without a key, or whose key is destroyed, are passed over. */
  destroy(names: readonly DayKeyName[], at: string): Promise<KeysDestroyed>;
  exports(): Promise<readonly KeyExport[]>;
  /** Notes that an export is no more; `reason` is how somebody knows. Throws UserError for a number never given. */
  confirmGone(number: number, at: string, reason: string): Promise<KeyExport>;
  /** Throws UserError when nothing that was given opens it; it says for whom it is. */
  unlock(secrets: CustodianSecrets): Promise<UnlockedKeyring>;
}

export interface KeysMade {
  readonly made: number;
  readonly firstDay: Day | undefined;
  readonly lastDay: Day | undefined;
}

export interface KeysDestroyed {
  readonly destroyed: readonly KeyEntry[];
  /** Those of the names whose keys an earlier run has destroyed, perhaps without coming to record it. */
  readonly destroyedBefore: readonly KeyEntry[];
  /** The files from which a private key was removed, below the keyring's folder. */
  readonly copies: readonly string[];
  /** Files in the keyring's folder that hold one still, as long as they are there: somebody else put them there. */
  readonly copiesLeft: readonly string[];
  /** The exports that hold one of the keys (also of those destroyed before) and are not confirmed gone. */
  readonly exportsOutstanding: readonly number[];
}

/** What needs the custodian identity. */
export interface UnlockedKeyring {
  readonly keyring: Keyring;
  /** 32 bytes, the caller's to overwrite. */
  identityOf(name: DayKeyName): Promise<IdentityAnswer>;
  /** Ed25519, 64 bytes, by the provider's key. */
  sign(bytes: Uint8Array): Uint8Array;
  /** Every key that the provider has had, the oldest first. */
  providerHistory(): readonly ProviderLink[];
  /**
   * Replaces the custodian identity or the provider's key. Returns the keyring as it is from then on, unlocked;
   * this one is closed.
   */
  rotate(wish: RotationWish): Promise<UnlockedKeyring>;
  /** Gives the export its number before it exists: one that was never written counts until it is confirmed gone. */
  export(wish: ExportWish): Promise<{ readonly bytes: Uint8Array; readonly entry: KeyExport }>;
  /** Overwrites what it holds of secrets in memory. */
  close(): void;
}

export type IdentityAnswer =
  | { readonly kind: "identity"; readonly identity: Uint8Array }
  | { readonly kind: "destroyed"; readonly at: string }
  | { readonly kind: "no-key" };

export type RotationWish =
  | { readonly what: "custodian"; readonly custodian: CustodianWish }
  | { readonly what: "provider" };

export interface ExportWish {
  readonly at: string;
  /** Undefined: a team's own people; a small keyring, and one with a passphrase, must be told. */
  readonly sealedFor: SealedFor | undefined;
}

/** Who can open a file: any of several age recipients, or who knows a passphrase. */
export type SealedFor = { readonly recipients: readonly string[] } | { readonly passphrase: string };

/** How a keyring is to keep its custodian identity. */
export type CustodianWish = { readonly kind: "small" } | ({ readonly kind: "team" } & SealedFor);

/** What a person brings to open a keyring or an export. */
export interface CustodianSecrets {
  /** Texts of age identity files, comments included; armored where they are encrypted themselves. */
  readonly identities: readonly string[];
  readonly passphrase: string | undefined;
}
