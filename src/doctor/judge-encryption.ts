import { type Answer, judge } from "./answer.ts";
import { type Finding, ok, refused, type Subject, warning } from "./finding.ts";
import type { EncryptionSighting } from "./s3-observations.ts";

/** What the config asks for; undefined: nothing. */
export type AskedEncryption = "server-key" | "kms-key" | "customer-key" | undefined;

/**
 * By what the server says of an object that was stored just now; where none could be stored, by what the
 * bucket does with objects of which nobody says anything.
 */
export function judgeEncryption(
  subject: Subject,
  asked: AskedEncryption,
  stored: Answer<EncryptionSighting>,
  ofBucket: Answer<string | undefined>,
): Finding {
  if (stored.kind === "given") return judgeStored(subject, asked, stored.value, ofBucket);
  if (asked !== undefined || ofBucket.kind !== "given") {
    const unknown = "Whether objects lie encrypted on the server's disks is not known.";
    return judge("encryption", stored, { act: "store a probe object", unknown }, () =>
      ok("encryption", "", unknown),
    );
  }
  return ofBucket.value === undefined ? inTheClear(subject) : byDefault(ofBucket.value);
}

function judgeStored(
  subject: Subject,
  asked: AskedEncryption,
  sighting: EncryptionSighting,
  ofBucket: Answer<string | undefined>,
): Finding {
  if (sighting.kind === "refused") {
    return refused(
      "encryption",
      `the config asks for encryption, and it was not done: ${sighting.message}`,
      "Nothing is stored until the server or s3.encryption is put right.",
    );
  }
  if (asked !== undefined) {
    return ok(
      "encryption",
      `an object came back as encrypted${sighting.algorithm === undefined ? "" : ` (${sighting.algorithm})`}, as the config asks`,
      "An answer that does not say so is refused.",
    );
  }
  const algorithm = sighting.algorithm ?? (ofBucket.kind === "given" ? ofBucket.value : undefined);
  return algorithm === undefined ? inTheClear(subject) : byDefault(algorithm);
}

function byDefault(algorithm: string): Finding {
  return ok(
    "encryption",
    `the server encrypts objects by default (${algorithm})`,
    "Disks that are lost tell nothing.",
  );
}

/** The addresses of visitors lie in two views only. */
function inTheClear(subject: Subject): Finding {
  const fact = "the server does not say that it encrypts objects";
  return subject === "raw" || subject === "quarantine"
    ? warning(
        "encryption",
        fact,
        "Full addresses lie on its disks as they are, unless the disks themselves are encrypted: set s3.encryption or a default at the bucket.",
      )
    : ok("encryption", fact, "No visitor's address lies here.");
}
