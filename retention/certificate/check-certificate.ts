import { counted } from "../../src/keyring/counted.ts";
import { addUpInventory } from "../../src/ledger/purge-inventory.ts";
import type { PurgeInventory } from "../../src/ledger/retention-record.ts";
import { parseKey } from "../../src/partition.ts";
import { groupName } from "../group-name.ts";
import type { CertificateEvidence } from "./evidence.ts";

/** What was looked at beside the control chain. */
export interface CertificateSight {
  /** A text says why it cannot be read: what the record names is missing or was changed. */
  readonly inventory: PurgeInventory | string;
  /** Which keys of the inventory are listed now, hidden things included; a text says why nobody could look. */
  readonly listed: readonly string[] | string;
}

export interface CertificateCheck {
  /** `open`: it could not be looked at, or is not at its end; nothing is wrong. */
  readonly verdict: "ok" | "bad" | "open";
  readonly text: string;
}

/**
 * Whether a certificate holds, point by point. Pure. That the chain is unbroken and its signatures hold was seen when the
 * chain was read.
 */
export function checkCertificate(
  evidence: CertificateEvidence,
  sight: CertificateSight,
): readonly CertificateCheck[] {
  return [
    checkWriter(evidence),
    checkLease(evidence),
    checkCourse(evidence),
    ...checkInventory(evidence, sight),
    checkListing(sight),
    ...checkKeys(evidence),
  ];
}

function checkWriter({ isTrusted, signedBy }: CertificateEvidence): CertificateCheck {
  if (isTrusted) {
    return ok(
      `the chain is unbroken, and the record is signed by a key that was accepted: ${signedBy ?? "none"}`,
    );
  }
  return bad(
    `the record is signed by ${signedBy ?? "nobody"}, a key that nobody had accepted: it certifies nothing`,
  );
}

function checkLease({ fence, lease }: CertificateEvidence): CertificateCheck {
  if (fence !== undefined && fence === lease)
    return ok(`written by who held the lease then (record ${fence})`);
  return bad(
    `not written by who held the lease then (it names ${fence ?? "none"}, and ${lease ?? "none"} was held)`,
  );
}

/** What was planned is what was begun, and what was begun is what is certified, once. */
function checkCourse({ record, sequence, begun, plan, doubles }: CertificateEvidence): CertificateCheck {
  const name = groupName(record.group);
  if (begun === undefined || record.begun >= sequence) {
    return bad(`record ${record.begun}, by which it was begun, is no such record`);
  }
  if (groupName(begun.group) !== name || begun.inventory.sha256 !== record.inventory.sha256) {
    return bad(`record ${record.begun}, by which it was begun, is of something else`);
  }
  if (plan === undefined || !plan.groups.some((group) => groupName(group) === name)) {
    return bad(`plan ${record.plan} does not name ${name}`);
  }
  if (doubles.length > 0) {
    return bad(`certified more than once: by record ${doubles.join(", ")} too`);
  }
  return ok(`planned (record ${record.plan}), begun (record ${record.begun}) and certified once`);
}

function checkInventory(
  { record }: CertificateEvidence,
  { inventory }: CertificateSight,
): readonly CertificateCheck[] {
  if (typeof inventory === "string") return [bad(`the inventory: ${inventory}`)];
  const alien = inventory.objects.filter(({ key }) => {
    const name = parseKey(key);
    return name?.day !== record.group.day || name.retentionClass !== record.group.retentionClass;
  });
  if (groupName(inventory.group) !== groupName(record.group) || alien.length > 0) {
    return [bad("the inventory names what is not of this view, day and class")];
  }
  const totals = addUpInventory(inventory);
  const isSame = Object.entries(totals).every(
    ([field, value]) => record[field as keyof typeof totals] === value,
  );
  if (!isSame) return [bad("the inventory does not come to the numbers on the certificate")];
  return [ok("the inventory has the hash that was recorded, and comes to the numbers above")];
}

function checkListing({ listed }: CertificateSight): CertificateCheck {
  if (typeof listed === "string") return open(`not looked whether anything of it is listed: ${listed}`);
  if (listed.length === 0) return ok("nothing of it is listed now, older versions and uploads included");
  return bad(
    `${counted(listed.length, "object")} of it ${listed.length === 1 ? "is" : "are"} listed again, the first: ${listed[0]}`,
  );
}

function checkKeys({ record, sequence, keys }: CertificateEvidence): readonly CertificateCheck[] {
  if (record.keys.kind === "none") return [ok("no key was ever made for it")];
  if (keys === undefined) {
    return record.keys.kind === "outstanding"
      ? [
          open(
            'no record says that its key is destroyed: run "hostlog keys destroy --due" where the keyring is',
          ),
        ]
      : [bad(`record ${record.keys.record} does not say that its key was destroyed`)];
  }
  if (
    record.keys.kind === "destroyed" &&
    (keys.sequence !== record.keys.record || keys.sequence > sequence)
  ) {
    return [
      bad(
        `its key was destroyed by record ${keys.sequence}, and the certificate names ${record.keys.record}`,
      ),
    ];
  }
  const when = keys.sequence < sequence ? "before" : "after";
  const destroyed = ok(`its key was destroyed (record ${keys.sequence}), ${when} this was written`);
  if (keys.exportsOutstanding.length === 0) return [destroyed];
  const numbers = keys.exportsOutstanding.join(", ");
  return [
    destroyed,
    open(
      `exports of the keyring that held its key and are not confirmed gone by now: ${numbers}; destroy them, then run "hostlog keys gone NUMBER --reason TEXT"`,
    ),
  ];
}

function ok(text: string): CertificateCheck {
  return { verdict: "ok", text };
}

function bad(text: string): CertificateCheck {
  return { verdict: "bad", text };
}

function open(text: string): CertificateCheck {
  return { verdict: "open", text };
}
