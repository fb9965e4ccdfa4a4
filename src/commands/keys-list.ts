import { dayOfMs } from "../day.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { counted } from "../keyring/counted.ts";
import { wishedSeries } from "../keyring/plan-keys.ts";
import { type KeyringReport, planReport } from "../keyring/plan-report.ts";
import { renderReportJson, renderReportTable } from "../keyring/render-report.ts";
import { type PublishedRecipients, readRecipients } from "../recipients/io/read-recipients.ts";
import { terminalLines } from "../terminal-text.ts";
import type { CommonOptions, Context } from "./context.ts";
import { type KeysPlace, openKeysPlace } from "./keys-place.ts";

export interface ListOptions extends CommonOptions {
  readonly output?: "table" | "json";
}

/** Throws UserError with exit code 2 when something is alarming. */
export async function showKeys(context: Context, options: ListOptions): Promise<void> {
  const place = await openKeysPlace(context);
  const report = await reportOf(context, place, await readPublished(context, place));
  context.stdout.write(
    isTable(context, options) ? terminalLines(renderReportTable(report)) : renderReportJson(report),
  );
  refuseAlarms(report);
}

export async function reportOf(
  { config, nowMs }: Context,
  { keyring }: KeysPlace,
  published: PublishedRecipients | undefined,
): Promise<KeyringReport> {
  const today = dayOfMs(nowMs);
  return planReport({
    keyring,
    entries: await keyring.entries(),
    exports: await keyring.exports(),
    published: published?.snapshot,
    publishedBy: published?.providerKey,
    wished: wishedSeries(config, today),
    today,
  });
}

/**
 * What nodes read, and as strictly; undefined when nothing is published. A keyring whose provider was replaced knows
 * its older publications.
 */
export async function readPublished(
  { config, stateDirectory }: Context,
  { identity, keyring, published }: KeysPlace,
): Promise<PublishedRecipients | undefined> {
  const pinned = config.keys.providerKey ?? keyring.providerHistory[0]?.key;
  const found = await readRecipients(published, { storeId: identity.id, pinned, stateDirectory });
  if (found === undefined || keyring.providerHistory.some(({ key }) => key === found.providerKey))
    return found;
  throw new UserError(
    `what is published in ${published.url}/recipients/ is signed by ${found.providerKey}, which this keyring never had: somebody else published there. Find out who wrote the newest object there; nodes that pin ${keyring.providerKey} (keys.provider) refuse it.`,
    exitCode.integrity,
  );
}

function refuseAlarms({ alarms }: Pick<KeyringReport, "alarms">): void {
  if (alarms.length === 0) return;
  throw new UserError(
    `${counted(alarms.length, "alarm")}: somebody has to see to the keys, see above`,
    exitCode.partial,
  );
}

export function isTable({ stdout }: Context, { output }: ListOptions): boolean {
  if (output !== undefined) return output === "table";
  return "isTTY" in stdout && stdout.isTTY === true;
}
