import { z } from "zod";
import type { KeyringKind } from "./keyring.ts";
import type { ProviderLink } from "./provider-history.ts";
import { KEYRING_VERSION, readChecked } from "./read-checked.ts";
import { instantText, providerLink, recipientText } from "./text-patterns.ts";

/** What `keyring.json` says: everything of a keyring that is neither secret nor of a single day. */
export interface KeyringFile {
  readonly store: string;
  readonly kind: KeyringKind;
  readonly createdAt: string;
  /** `age1…` */
  readonly custodianRecipient: string;
  /** The recipients for which `custodian.age` was made; none when it is for a passphrase, or in the clear. */
  readonly people: readonly string[];
  /** The oldest first; the last is the one that signs. */
  readonly providerHistory: readonly [ProviderLink, ...ProviderLink[]];
}

const schema = z.strictObject({
  version: z.literal(KEYRING_VERSION),
  store: z.string().min(1),
  kind: z.enum(["small", "team"]),
  created_at: instantText,
  custodian: z.strictObject({ recipient: recipientText, people: z.array(recipientText) }),
  provider: z.strictObject({ history: z.tuple([providerLink], providerLink) }),
});

export function formatKeyringFile(file: KeyringFile): Uint8Array {
  const fields: z.infer<typeof schema> = {
    version: KEYRING_VERSION,
    store: file.store,
    kind: file.kind,
    created_at: file.createdAt,
    custodian: { recipient: file.custodianRecipient, people: [...file.people] },
    provider: { history: [...file.providerHistory] },
  };
  return Buffer.from(`${JSON.stringify(fields, null, 2)}\n`);
}

/** Throws UserError that names `path`. */
export function parseKeyringFile(bytes: Uint8Array, path: string): KeyringFile {
  const { store, kind, created_at, custodian, provider } = readChecked(bytes, schema, path);
  return {
    store,
    kind,
    createdAt: created_at,
    custodianRecipient: custodian.recipient,
    people: custodian.people,
    providerHistory: provider.history,
  };
}

/** The key that signs. */
export function providerKeyOf({ providerHistory }: KeyringFile): string {
  return (providerHistory.at(-1) ?? providerHistory[0]).key;
}
