import { formatBytes } from "../format-bytes.ts";
import { LOW_DAYS } from "../keyring/plan-keys.ts";
import type { SealMode } from "../seal/seal-mode.ts";
import { type Answer, judge } from "./answer.ts";
import { type Finding, notTried, ok, refused, warning } from "./finding.ts";
import type {
  CustodianSighting,
  KeyObservations,
  KeyringPresence,
  LookUpSighting,
  RecipientsSighting,
} from "./key-observations.ts";

/** A look-up of a usual day is to fit; what does not fit is opened on a disk. */
const ROOM_BYTES_MIN = 256 * 1024 ** 2;

/** How the store keeps raw and quarantine; `undefined` was never made. */
export function judgeSeal(seal: Answer<SealMode | undefined>): Finding {
  const otherwise = { act: "read how the store keeps raw", unknown: "Nothing is known of its keys." };
  return judge("seal", seal, otherwise, (mode) => {
    switch (mode) {
      case undefined:
        return notTried("seal", "nothing was ever put into this store", "Run it again once it is in use.");
      case "none":
        return ok(
          "seal",
          "raw and quarantine are not sealed (seal: none)",
          "Who can read these roots reads the lines.",
        );
      case "age":
        return ok(
          "seal",
          "raw and quarantine are sealed (seal: age)",
          "Nobody reads them without the custodian.",
        );
    }
  });
}

/** What follows for the keys of a store that seals. */
export function judgeKeys(seen: KeyObservations): readonly Finding[] {
  return [
    ...judgeRecipients(seen.recipients),
    ...judgeKeyring(seen.keyring),
    ...(seen.custodian === undefined ? [] : [judgeCustodian(seen.custodian)]),
    ...(seen.lookUps === undefined ? [] : judgeLookUps(seen.lookUps)),
    judgeCores(seen.cores),
  ];
}

function judgeRecipients(recipients: KeyObservations["recipients"]): readonly Finding[] {
  if (recipients.kind === "given" && recipients.value !== undefined) {
    return [judgeSignature(recipients.value), judgeDaysLeft(recipients.value)];
  }
  // What cannot be asked now is no fault of what is published.
  const isWrong = recipients.kind === "failed" && !recipients.mayPass;
  const failed = (message: string): Finding =>
    refused("recipients", message, "Nodes take no line until this is put right; their logs stay.");
  const otherwise = {
    act: "read what is published",
    unknown: "Whether nodes can seal is not known.",
    ...(isWrong ? { failed } : {}),
  };
  return [
    judge("recipients", recipients, otherwise, () =>
      refused(
        "recipients",
        "nothing is published to seal for",
        'No node can ship: run "hostlog init", or "hostlog keys publish", on the machine that has the keys.',
      ),
    ),
  ];
}

function judgeSignature({ generation, providerKey, isPinned }: RecipientsSighting): Finding {
  const fact = `generation ${generation} is signed by ${providerKey}`;
  if (isPinned) return ok("recipients", fact, "Nobody else can make nodes seal for other keys.");
  return warning(
    "recipients",
    `${fact}, and nothing here says that this is the provider's key`,
    'The key that this machine sees first is trusted: compare it with "hostlog keys list" where the keys are, and write it into the config (keys.provider).',
  );
}

function judgeDaysLeft({ daysLeft, missing }: RecipientsSighting): Finding {
  if (daysLeft === undefined) {
    return refused(
      "days-left",
      `there is no key for today's lines of ${missing.join(", ")}`,
      'They stay in their files: run "hostlog keys ensure" and "hostlog keys publish" with this config where the keys are.',
    );
  }
  const fact = `keys are published for ${daysLeft} more days`;
  if (daysLeft >= LOW_DAYS) return ok("days-left", fact, "Nodes go on while nobody looks after keys.");
  return warning(
    "days-left",
    fact,
    'After them no node can ship: run "hostlog keys ensure" and "hostlog keys publish" where the keys are.',
  );
}

function judgeKeyring(keyring: KeyringPresence): readonly Finding[] {
  switch (keyring.kind) {
    case "elsewhere":
      return [ok("keyring", "no private key is on this machine", "It can seal and open nothing.")];
    case "unusable":
      return [
        refused("keyring", keyring.message, "Nothing is made, destroyed or opened with it until then."),
      ];
    case "here":
      return [
        keyring.keyringKind === "small"
          ? ok(
              "keyring",
              `a small keyring, for its owner alone, is in ${keyring.folder}`,
              "Who takes over this machine can open all that is stored.",
            )
          : ok(
              "keyring",
              `a team's keyring is in ${keyring.folder}`,
              "It opens with the people's own identities or passphrase only.",
            ),
        judgeKeysApart(keyring),
      ];
  }
}

function judgeKeysApart({
  isInsideStore,
  rootBeside,
}: Extract<KeyringPresence, { readonly kind: "here" }>): Finding {
  if (isInsideStore) {
    return warning(
      "keys-apart",
      "the keyring lies inside the store",
      "Every copy of the store holds the keys to itself: move the folder elsewhere, and say where (keys.folder).",
    );
  }
  if (rootBeside !== undefined) {
    return warning(
      "keys-apart",
      `the keyring lies on the same file system as ${rootBeside}`,
      "A copy or a snapshot of the disk holds both, and so opens: keep the keyring on another one, or leave it out of backups (keys.folder).",
    );
  }
  return ok("keys-apart", "the keyring lies apart from the store", "A copy of the store opens nothing.");
}

function judgeCustodian(custodian: CustodianSighting): Finding {
  const { url } = custodian;
  if (custodian.kind === "unreached") {
    return warning("custodian", custodian.message, "Look-ups in raw wait for it; nodes do not need it.");
  }
  return custodian.isOfThisStore
    ? ok("custodian", `the custodian at ${url} serves this store`, "Look-ups in raw can be asked.")
    : refused(
        "custodian",
        `the custodian at ${url} serves another store`,
        "It refuses every look-up: correct custodian.url.",
      );
}

function judgeLookUps({ memory, swaps }: LookUpSighting): readonly Finding[] {
  const otherwise = { act: "open a folder in memory", unknown: "Where look-ups open objects is not known." };
  const onDisk =
    "Look-ups open objects in the state directory, on a disk, where traces may stay: mount a tmpfs of this machine's own, and name it in $HOSTLOG_MEMORY.";
  const found = judge("memory", memory, otherwise, (seen) => {
    if (seen.kind === "unusable") return warning("memory", seen.because, onDisk);
    const fact = `look-ups open objects in memory, in ${seen.path}: room for ${formatBytes(seen.roomBytes)}`;
    return seen.roomBytes >= ROOM_BYTES_MIN
      ? ok("memory", fact, "Nothing of them reaches a disk.")
      : warning("memory", fact, `What does not fit is opened on a disk. ${onDisk}`);
  });
  return [found, judgeSwaps(swaps)];
}

function judgeSwaps(swaps: readonly string[] | undefined): Finding {
  if (swaps === undefined) {
    return notTried("swap", "where this machine swaps to cannot be seen", "Opened lines may reach a disk.");
  }
  if (swaps.length === 0) return ok("swap", "this machine swaps to no disk", "Memory stays memory.");
  return warning(
    "swap",
    `this machine swaps to ${swaps.join(", ")}`,
    "What a look-up has opened may be written there: encrypt it with a key of each start, or do without (swapoff).",
  );
}

function judgeCores(cores: KeyObservations["cores"]): Finding {
  const otherwise = {
    act: "see what a core file would hold",
    unknown: "A crash may write lines or keys to a disk.",
  };
  return judge("core-files", cores, otherwise, ({ hasMemory, isWritten }) => {
    if (!hasMemory && !isWritten) {
      return ok("core-files", "no core file is written of hostlog", "A crash leaves nothing.");
    }
    return warning(
      "core-files",
      hasMemory
        ? "a core file would hold this program's memory"
        : "a core file would hold registers, and so up to 64 bytes of what was handled last",
      "Lines or keys may be written to a disk when it crashes: install util-linux (prlimit), or set the limit for core files to 0 where none are piped to a program.",
    );
  });
}
