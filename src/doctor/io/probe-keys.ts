import { readFile, realpath, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Config, CustodianSettings } from "../../../config/config.ts";
import { readCustodianHealth } from "../../custodian/io/remote-custodian.ts";
import { addDays, type Day } from "../../day.ts";
import { UserError } from "../../errors.ts";
import { mayWriteCores } from "../../keep-memory-from-core-files.ts";
import { openKeyring } from "../../keyring/io/open-keyring.ts";
import { isInsideStore } from "../../keyring/is-inside-store.ts";
import type { Keyring } from "../../keyring/keyring.ts";
import { type WishedSeries, wishedSeries } from "../../keyring/plan-keys.ts";
import { openMemoryFolder } from "../../memory-folder.ts";
import { readRecipients } from "../../recipients/io/read-recipients.ts";
import { createRecipientBook, type RecipientBook } from "../../recipients/recipient-book.ts";
import type { ObjectStore } from "../../store/object-store.ts";
import { type Answer, given, notAsked } from "../answer.ts";
import type {
  CoreSighting,
  CustodianSighting,
  KeyObservations,
  KeyringPresence,
  LookUpSighting,
  MemorySighting,
  RecipientsSighting,
} from "../key-observations.ts";
import { askStore } from "./ask.ts";

/** A custodian that is there says so at once. */
const CUSTODIAN_ANSWER_MS = 10_000;

export interface KeysTarget {
  readonly config: Config;
  readonly storeId: string;
  readonly published: ObjectStore;
  /** Absolute. */
  readonly keyringFolder: string;
  readonly stateDirectory: string;
  readonly memoryDirectories: readonly string[];
  readonly today: Day;
  readonly writes: boolean;
}

/** Looks at what there is of a store's keys, and trusts nobody new for it. */
export async function probeKeys(target: KeysTarget): Promise<KeyObservations> {
  const { config, storeId } = target;
  const opened = await tryKeyring(target);
  const keyring = typeof opened === "string" ? undefined : opened;
  const asksSomebody = config.custodian !== undefined || keyring?.kind === "small";
  return {
    keyring:
      typeof opened === "string"
        ? { kind: "unusable", message: opened }
        : await seeKeyring(opened, config.roots),
    recipients: await askStore(() => seeRecipients(target, keyring)),
    custodian: config.custodian === undefined ? undefined : await seeCustodian(config.custodian, storeId),
    lookUps: asksSomebody ? await seeLookUps(target) : undefined,
    cores: await seeCores(),
  };
}

/** A text says why it cannot be used. */
async function tryKeyring({ keyringFolder, storeId }: KeysTarget): Promise<Keyring | string | undefined> {
  try {
    return await openKeyring(keyringFolder, storeId);
  } catch (error) {
    if (error instanceof UserError || isSystemError(error)) return error.message;
    throw error;
  }
}

async function seeKeyring(keyring: Keyring | undefined, roots: Config["roots"]): Promise<KeyringPresence> {
  if (keyring === undefined) return { kind: "elsewhere" };
  const folder = await realpath(keyring.folder);
  const { dev } = await stat(folder);
  const rootPaths = Object.values(roots)
    .filter((url) => url.startsWith("file://"))
    .map((url) => fileURLToPath(url));
  let rootBeside: string | undefined;
  let isInside = isInsideStore(keyring.folder, roots);
  for (const path of rootPaths) {
    const real = await realpath(path).catch(ignoreMissing);
    if (real === undefined) continue;
    isInside ||= isInsideStore(folder, { root: pathToFileURL(real).href, beside: "s3://" });
    if ((await stat(real)).dev === dev) rootBeside ??= path;
  }
  return { kind: "here", keyringKind: keyring.kind, folder, isInsideStore: isInside, rootBeside };
}

async function seeRecipients(
  { config, storeId, published, stateDirectory, today }: KeysTarget,
  keyring: Keyring | undefined,
): Promise<RecipientsSighting | undefined> {
  const pinned = config.keys.providerKey ?? keyring?.providerKey;
  const found = await readRecipients(published, { storeId, pinned, stateDirectory, isOnlyLooking: true });
  if (found === undefined) return undefined;
  const { snapshot, providerKey } = found;
  const book = createRecipientBook(snapshot);
  const series = wishedSeries(config, today).map((wished) => ({
    wished,
    days: daysLeftOf(book, wished, today),
  }));
  const missing = series.filter(({ days }) => days === undefined);
  return {
    generation: snapshot.generation,
    providerKey,
    isPinned: pinned !== undefined,
    daysLeft: missing.length > 0 ? undefined : Math.min(...series.map(({ days = 0 }) => days)),
    missing: missing.map(({ wished: { view, retentionClass } }) => `${view} ${retentionClass}`),
  };
}

/** Days behind today up to which each has a key, destroyed ones too; undefined where today has none. */
function daysLeftOf(
  book: RecipientBook,
  { view, retentionClass, lastDay }: WishedSeries,
  today: Day,
): number | undefined {
  let day = today;
  let days = -1;
  while (day <= lastDay && book.recipientOf({ view, retentionClass, day }).kind !== "missing") {
    day = addDays(day, 1);
    days++;
  }
  return days < 0 ? undefined : days;
}

async function seeCustodian(settings: CustodianSettings, storeId: string): Promise<CustodianSighting> {
  const { url } = settings;
  try {
    const health = await readCustodianHealth(settings, CUSTODIAN_ANSWER_MS);
    return { kind: "serves", url, isOfThisStore: health.storeId === storeId };
  } catch (error) {
    if (error instanceof UserError) return { kind: "unreached", url, message: error.message };
    throw error;
  }
}

async function seeLookUps({ memoryDirectories, writes }: KeysTarget): Promise<LookUpSighting> {
  const memory = writes
    ? given(await seeMemory(memoryDirectories))
    : notAsked("nothing was to be written (--read-only)");
  return { memory, swaps: await seeSwaps() };
}

async function seeMemory(directories: readonly string[]): Promise<MemorySighting> {
  const opened = await openMemoryFolder(directories, "doctor", 0);
  if ("unusableBecause" in opened) return { kind: "unusable", because: opened.unusableBecause };
  await opened.close();
  return { kind: "there", path: dirname(opened.path), roomBytes: opened.roomBytes };
}

/** Source: proc(5), /proc/swaps: a line of titles, then one for each. What zram holds stays in memory. */
async function seeSwaps(): Promise<readonly string[] | undefined> {
  const text = await readFile("/proc/swaps", "utf8").catch(ignoreSystem);
  return text
    ?.split("\n")
    .slice(1)
    .map((line) => line.split(/\s/, 1)[0] ?? "")
    .filter((name) => name !== "" && !name.startsWith("/dev/zram"));
}

async function seeCores(): Promise<Answer<CoreSighting>> {
  const filter = await readFile("/proc/self/coredump_filter", "utf8").catch(ignoreSystem);
  if (filter === undefined) return notAsked("this system does not say what a core file would hold");
  return given({ hasMemory: Number.parseInt(filter, 16) !== 0, isWritten: mayWriteCores() });
}

function ignoreMissing(error: unknown): undefined {
  if (isSystemError(error) && "code" in error && error.code === "ENOENT") return undefined;
  throw error;
}

function ignoreSystem(error: unknown): undefined {
  if (isSystemError(error)) return undefined;
  throw error;
}

function isSystemError(error: unknown): error is Error {
  return error instanceof Error && "syscall" in error;
}
