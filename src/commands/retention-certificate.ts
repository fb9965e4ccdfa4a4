import { type CertificateSight, checkCertificate } from "../../retention/certificate/check-certificate.ts";
import {
  type CertificateAnswer,
  type CertificateEvidence,
  type CertificateQuestion,
  collectEvidence,
} from "../../retention/certificate/evidence.ts";
import {
  type CheckedCertificate,
  certificateFields,
  renderCertificate,
} from "../../retention/certificate/render-certificate.ts";
import { listDay } from "../../retention/io/list-day.ts";
import { type Day, parseDay } from "../day.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { counted } from "../keyring/counted.ts";
import { readAttachment } from "../ledger/attachment.ts";
import { decodeInventory } from "../ledger/purge-inventory.ts";
import { readControl } from "../ledger/read-control.ts";
import type { PurgeInventory } from "../ledger/retention-record.ts";
import type { ObjectStore } from "../store/object-store.ts";
import { readStoreIdentity } from "../store-identity.ts";
import type { View } from "../view.ts";
import type { CommonOptions, Context } from "./context.ts";
import { stampOf } from "./keys-place.ts";

export interface CertificateOptions extends CommonOptions {
  readonly destroyedOn?: string;
  readonly view?: View;
  readonly output: "text" | "json";
}

/** `retention certificate`. Throws UserError when there is none, and when one of them does not hold. */
export async function showCertificates(
  context: Context,
  dayText: string | undefined,
  options: CertificateOptions,
): Promise<void> {
  const question = readQuestion(dayText, options);
  const ledger = await context.openRoot("ledger");
  const identity = await readStoreIdentity(await context.openRoot("published"));
  if (identity === undefined)
    throw mistake(`nothing was ever put into the store of ${ledger.url}; is the URL right?`);
  const { keys } = context.config.ledger;
  const { records, writers } = await readControl(ledger, keys, { storeId: identity.id });
  const answer = collectEvidence(records, writers, question);
  const checked: CheckedCertificate[] = [];
  const listings = createListings(context);
  for (const evidence of answer.certificates) {
    const sight = await look(ledger, evidence, listings);
    checked.push({ evidence, checks: checkCertificate(evidence, sight) });
  }
  const place = { store: identity.id, url: ledger.url, checkedAt: stampOf(context).at };
  const bad = checked.filter(({ checks }) => checks.some(({ verdict }) => verdict === "bad"));
  if (options.output === "json") {
    const fields = {
      kind: "purge-certificates",
      store: identity.id,
      checked_at: place.checkedAt,
      certificates: checked.map(certificateFields),
      unfinished: answer.unfinished,
      objects_of_earlier_releases: answer.objectsOfEarlierReleases,
      bad: bad.length,
    };
    context.stdout.write(`${JSON.stringify(fields)}\n`);
  } else {
    const pages = checked.map((one) => renderCertificate(one, place));
    const text = [...pages.map((page) => `${page.join("\n")}\n`), ...notes(answer)].join("\n\n");
    context.stdout.write(text);
  }
  refuse(answer, bad);
}

function readQuestion(dayText: string | undefined, options: CertificateOptions): CertificateQuestion {
  if (dayText === undefined && options.destroyedOn === undefined) {
    throw mistake("say which day: of the events, or with --destroyed-on when they were destroyed");
  }
  return { day: readDay(dayText), destroyedOn: readDay(options.destroyedOn), view: options.view };
}

function readDay(text: string | undefined): Day | undefined {
  if (text === undefined) return undefined;
  const day = parseDay(text);
  if (day === undefined) throw mistake(`"${text}" is no day: write it as 2026-11-22`);
  return day;
}

type Listings = (view: View, day: Day) => Promise<ReadonlySet<string> | string>;

/** Each day of a view is listed once; a text says why it cannot be. */
function createListings(context: Context): Listings {
  const known = new Map<string, Promise<ReadonlySet<string> | string>>();
  const list = async (view: View, day: Day): Promise<ReadonlySet<string> | string> => {
    try {
      return new Set((await listDay(await context.openRoot(view), day)).keys());
    } catch (error) {
      if (error instanceof UserError) return error.message;
      throw error;
    }
  };
  return (view, day) => {
    const listing = known.get(`${view} ${day}`) ?? list(view, day);
    known.set(`${view} ${day}`, listing);
    return listing;
  };
}

async function look(
  ledger: ObjectStore,
  { record }: CertificateEvidence,
  listings: Listings,
): Promise<CertificateSight> {
  const inventory = await readInventory(ledger, record.inventory);
  if (typeof inventory === "string") return { inventory, listed: "its inventory cannot be read" };
  const shown = await listings(record.group.view, record.group.day);
  if (typeof shown === "string") return { inventory, listed: shown };
  return { inventory, listed: inventory.objects.map(({ key }) => key).filter((key) => shown.has(key)) };
}

async function readInventory(
  ledger: ObjectStore,
  attachment: Parameters<typeof readAttachment>[1],
): Promise<PurgeInventory | string> {
  try {
    return await decodeInventory(await readAttachment(ledger, attachment));
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (error instanceof UserError && error.exitCode !== exitCode.integrity) throw error;
    return error.message;
  }
}

function notes({ certificates, unfinished, objectsOfEarlierReleases }: CertificateAnswer): readonly string[] {
  const lines: string[] = [];
  if (certificates.length === 0) lines.push("no certificate");
  if (unfinished.length > 0) {
    lines.push(
      `begun, and not certified yet: record ${unfinished.join(", ")}; the next "hostlog retention run" goes on with it`,
    );
  }
  if (objectsOfEarlierReleases > 0) {
    lines.push(
      `an earlier release recorded ${counted(objectsOfEarlierReleases, "object")} as destroyed, without hashes: that is no certificate`,
    );
  }
  return lines.length === 0 ? [] : [`${lines.join("\n")}\n`];
}

function refuse({ certificates }: CertificateAnswer, bad: readonly CheckedCertificate[]): void {
  if (certificates.length === 0) throw mistake("nothing of this was certified as destroyed");
  if (bad.length === 0) return;
  const numbers = bad.map(({ evidence }) => evidence.sequence).join(", ");
  throw new UserError(
    `certificate ${numbers} does not hold: see what is marked BAD; compare the ledger with a copy (hostlog ledger verify)`,
    exitCode.integrity,
  );
}

function mistake(message: string): UserError {
  return new UserError(message, exitCode.usage);
}
