import type { HeaderAnswer } from "../../src/custodian/custodian.ts";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { HEADER_BYTES_MAX, splitHeader } from "../../src/seal/age-header.ts";
import { NONCE_BYTES } from "../../src/seal/sealed-layout.ts";
import { ObjectNotFoundError } from "../../src/store/object-store.ts";
import type { DayObject } from "../batches.ts";
import { brokenObject } from "../broken-object.ts";
import { portionsOf } from "../portions.ts";
import { mapInParallel } from "./map-in-parallel.ts";
import type { SealedSource } from "./sealed-source.ts";
import { unsealObject } from "./unseal-object.ts";

/** What became of an object that was to be read. */
export type BroughtObject = { readonly object: DayObject } & (
  | { readonly kind: "file"; readonly path: string; readonly bytesRead: number }
  /** It was listed, and gone when it was to be read. */
  | { readonly kind: "vanished" }
  /** The key of its day was destroyed. */
  | { readonly kind: "destroyed" }
  /** The custodian has no key for it, and knows of no destruction. */
  | { readonly kind: "no-key" }
);

/** The first bytes of an object, and its header in them. */
interface ObjectHead {
  readonly object: DayObject;
  readonly start: Uint8Array;
  readonly header: Uint8Array;
}

/** An object of no more bytes is read at once, before its key is asked for: it costs one request. */
const WHOLE_BYTES_MAX = 256 * 1024;

/** What is read at first of a larger one. */
const HEAD_BYTES = HEADER_BYTES_MAX + NONCE_BYTES;

/** Heads that are held at once; so many objects' keys are asked for in one request. */
const HEADS_BYTES_MAX = 32 * 1024 * 1024;

/** Beyond this an object is read in pieces, several at once: few of them fill a line. */
const LARGE_BYTES = 4 * 1024 * 1024;

/** Enough to hide the store's latency; more only competes for one network link and for memory. */
const SMALL_AT_ONCE = 8;

const LARGE_AT_ONCE = 2;

/**
 * Opens sealed objects into files in `directory` that only this user can read, in the order given. Memory is
 * bounded whatever their number and size. Throws UserError for an object that is damaged or does not open with
 * its key: of such an object no file is left.
 */
export async function openSealed(
  source: SealedSource,
  objects: readonly DayObject[],
  directory: string,
): Promise<readonly BroughtObject[]> {
  const brought: BroughtObject[] = [];
  for (const portion of portionsOf(objects, headBytesOf, HEADS_BYTES_MAX)) {
    brought.push(...(await openPortion(source, portion, directory)));
  }
  return brought;
}

async function openPortion(
  source: SealedSource,
  objects: readonly DayObject[],
  directory: string,
): Promise<readonly BroughtObject[]> {
  const { custodian, lookup, purpose, view, signal } = source;
  const heads = await mapInParallel(objects, SMALL_AT_ONCE, (object) => readHead(source, object));
  const found = heads.filter((head) => head !== undefined);
  signal.throwIfAborted();
  const answers =
    found.length === 0
      ? []
      : await custodian.openHeaders({
          lookup,
          ...purpose,
          headers: found.map(({ object, header }) => ({ view, key: object.key, header })),
        });
  if (answers.length !== found.length) throw new Error(`${custodian.name} answered another question`);
  const asked = found.map((head, index) => ({ head, answer: answers[index] as HeaderAnswer }));
  try {
    const brought = await bringAll(source, asked, directory);
    const byKey = new Map(brought.map((one) => [one.object.key, one]));
    return objects.map((object) => byKey.get(object.key) ?? { object, kind: "vanished" });
  } finally {
    for (const { answer } of asked) if (answer.kind === "opened") answer.fileKey.fill(0);
  }
}

interface AskedObject {
  readonly head: ObjectHead;
  readonly answer: HeaderAnswer;
}

async function bringAll(
  source: SealedSource,
  asked: readonly AskedObject[],
  directory: string,
): Promise<readonly BroughtObject[]> {
  const bring = ({ head, answer }: AskedObject): Promise<BroughtObject> =>
    bringObject(source, head, answer, directory);
  const isLarge = ({ head }: AskedObject): boolean => head.object.sizeBytes > LARGE_BYTES;
  const large = await mapInParallel(asked.filter(isLarge), LARGE_AT_ONCE, bring);
  const small = await mapInParallel(
    asked.filter((one) => !isLarge(one)),
    SMALL_AT_ONCE,
    bring,
  );
  return [...large, ...small];
}

/** Undefined when the object is gone. */
async function readHead(source: SealedSource, object: DayObject): Promise<ObjectHead | undefined> {
  source.signal.throwIfAborted();
  try {
    const start = await source.store.read(object.key, { start: 0, end: headBytesOf(object) });
    const header = splitHeader(start);
    if (header === undefined) throw brokenObject(source, object, "does not begin as a sealed object");
    return { object, start, header };
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return undefined;
    if (error instanceof RangeError) throw brokenObject(source, object, "is shorter than it was listed");
    throw error;
  }
}

async function bringObject(
  source: SealedSource,
  { object, start, header }: ObjectHead,
  answer: HeaderAnswer,
  directory: string,
): Promise<BroughtObject> {
  if (answer.kind === "not-openable") {
    throw brokenObject(source, object, "was changed, or was sealed for another key");
  }
  if (answer.kind !== "opened") return { object, kind: answer.kind };
  try {
    const { fileKey } = answer;
    return {
      object,
      kind: "file",
      ...(await unsealObject(source, { object, start, header, fileKey }, directory)),
    };
  } catch (error) {
    if (error instanceof ObjectNotFoundError) return { object, kind: "vanished" };
    if (error instanceof Error && "code" in error && error.code === "ENOSPC") {
      throw new UserError(
        `there is no room left in ${directory} to open objects in: free some, then ask again`,
        exitCode.tryAgain,
        { cause: error },
      );
    }
    throw error;
  }
}

function headBytesOf({ sizeBytes }: DayObject): number {
  return sizeBytes <= WHOLE_BYTES_MAX ? sizeBytes : HEAD_BYTES;
}
