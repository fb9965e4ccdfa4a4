import { z } from "zod";
import { decodeIdentity, encodeIdentity, encodeRecipient } from "../seal/age-text.ts";
import { type DayKeyName, sealedViews } from "../seal/day-key-name.ts";
import { recipientOf } from "../seal/x25519.ts";
import { exportFields, exportOf, exportSchema } from "./export-list.ts";
import type { KeyExport } from "./key-export.ts";
import type { ProviderLink } from "./provider-history.ts";
import { damaged, KEYRING_VERSION, readChecked } from "./read-checked.ts";
import { base64Text, dayText, instantText, providerLink, recipientText } from "./text-patterns.ts";

/** What an export holds in the clear: a keyring without its custodian, who is made anew when it is restored. */
export interface ExportFile {
  readonly store: string;
  readonly number: number;
  readonly at: string;
  readonly keyringCreatedAt: string;
  /** PEM. */
  readonly providerPem: Uint8Array;
  readonly providerHistory: readonly [ProviderLink, ...ProviderLink[]];
  readonly keys: readonly ExportedKey[];
  readonly destroyed: readonly ExportedTomb[];
  /** The exports before this one. */
  readonly exports: readonly KeyExport[];
}

export interface ExportedKey extends DayKeyName {
  readonly recipient: string;
  readonly createdAt: string;
  /** 32 bytes, the holder's to overwrite. */
  readonly identity: Uint8Array;
}

export interface ExportedTomb extends DayKeyName {
  readonly recipient: string;
  readonly createdAt: string;
  readonly destroyedAt: string;
  readonly exportedIn: readonly number[];
}

const keyName = {
  view: z.enum(sealedViews),
  day: dayText,
  class: z.string(),
  recipient: recipientText,
  created_at: instantText,
};

const schema = z.strictObject({
  version: z.literal(KEYRING_VERSION),
  about: z.string(),
  store: z.string().min(1),
  number: z.int().positive(),
  at: instantText,
  keyring_created_at: instantText,
  provider: z.strictObject({
    private_key: base64Text,
    history: z.tuple([providerLink], providerLink),
  }),
  exports: z.array(exportSchema),
  destroyed: z.array(
    z.strictObject({
      ...keyName,
      destroyed_at: instantText,
      exported_in: z.array(z.int().positive()),
    }),
  ),
  keys: z.array(z.strictObject({ ...keyName, identity: z.string() })),
});

/** For who reads it in years, without this program. */
const ABOUT =
  "The private keys of sealed access logs. Each identity opens the objects of its view, day and class: put it into a file and run age -d -i FILE OBJECT.parquet.age";

/** JSON with a line for each key, so that people find a day with grep. The bytes are the caller's to overwrite. */
export function formatExportFile(file: ExportFile): Uint8Array {
  const head: Omit<z.infer<typeof schema>, "keys"> = {
    version: KEYRING_VERSION,
    about: ABOUT,
    store: file.store,
    number: file.number,
    at: file.at,
    keyring_created_at: file.keyringCreatedAt,
    provider: {
      private_key: Buffer.from(file.providerPem).toString("base64"),
      history: [...file.providerHistory],
    },
    exports: file.exports.map(exportFields),
    destroyed: file.destroyed.map(({ destroyedAt, exportedIn, ...name }) => ({
      ...nameFields(name),
      destroyed_at: destroyedAt,
      exported_in: [...exportedIn],
    })),
  };
  const headText = JSON.stringify(head, null, 1).slice(0, -"\n}".length);
  const lines = file.keys.map(({ identity, ...name }) => {
    return JSON.stringify({ ...nameFields(name), identity: encodeIdentity(identity) });
  });
  return Buffer.from(`${headText},\n "keys": [\n${lines.join(",\n")}\n]}\n`);
}

/** Throws UserError that names `path`, also when an identity is not the private half of its recipient. */
export function parseExportFile(bytes: Uint8Array, path: string): ExportFile {
  const read = readChecked(bytes, schema, path);
  return {
    store: read.store,
    number: read.number,
    at: read.at,
    keyringCreatedAt: read.keyring_created_at,
    providerPem: Buffer.from(read.provider.private_key, "base64"),
    providerHistory: read.provider.history,
    exports: read.exports.map(exportOf),
    destroyed: read.destroyed.map(({ destroyed_at, exported_in, ...fields }) => ({
      ...nameOf(fields),
      destroyedAt: destroyed_at,
      exportedIn: exported_in,
    })),
    keys: read.keys.map(({ identity: text, ...fields }) => {
      const identity = decodeIdentity(text);
      if (identity === undefined || encodeRecipient(recipientOf(identity)) !== fields.recipient) {
        throw damaged(path, `its key of ${fields.day} does not belong to its recipient`);
      }
      return { ...nameOf(fields), identity };
    }),
  };
}

type NamedKey = DayKeyName & { readonly recipient: string; readonly createdAt: string };

type NameFields = Omit<z.infer<typeof schema>["keys"][number], "identity">;

function nameFields({ view, day, retentionClass, recipient, createdAt }: NamedKey): NameFields {
  return { view, day, class: retentionClass, recipient, created_at: createdAt };
}

function nameOf({ view, day, class: retentionClass, recipient, created_at }: NameFields): NamedKey {
  return { view, day, retentionClass, recipient, createdAt: created_at };
}
