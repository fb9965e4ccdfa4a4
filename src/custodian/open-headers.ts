import type { IdentityAnswer } from "../keyring/keyring.ts";
import { HEADER_BYTES_MAX, openHeader } from "../seal/age-header.ts";
import { type DayKeyName, dayKeyNameOf, formatDayKey } from "../seal/day-key-name.ts";
import type { Admit } from "./admission.ts";
import type { HeaderAnswer, OpenRequest, SealedHeader } from "./custodian.ts";

/** What headers are opened with. */
export interface HeaderOpening {
  readonly admit: Admit;
  /** Each identity is a copy, and is wiped here. */
  readonly identityOf: (name: DayKeyName) => Promise<IdentityAnswer>;
  /** Lets others have their turn; what is computed here holds up the whole process. */
  readonly pause: () => Promise<void>;
}

/** Some milliseconds of work. */
const HEADERS_BETWEEN_PAUSES = 16;

/**
 * One answer for each header, in their order. Throws what `admit` throws, before any key is asked for. Each
 * header is tried with the one key that its object's name says, so that no other name gives access to it. No
 * identity outlives the call.
 */
export async function openHeaders(
  request: OpenRequest,
  { admit, identityOf, pause }: HeaderOpening,
): Promise<readonly HeaderAnswer[]> {
  await admit(request);
  const found = new Map<string, IdentityAnswer>();
  const answers: HeaderAnswer[] = [];
  try {
    for (const sealed of request.headers) {
      if (answers.length % HEADERS_BETWEEN_PAUSES === 0) await pause();
      const name = dayKeyNameOf(sealed.view, sealed.key);
      answers.push(name === undefined ? { kind: "no-key" } : answerOf(sealed, await keyOf(name)));
    }
    return answers;
  } catch (error) {
    wipeAnswers(answers);
    throw error;
  } finally {
    for (const key of found.values()) if (key.kind === "identity") key.identity.fill(0);
  }

  async function keyOf(name: DayKeyName): Promise<IdentityAnswer> {
    const text = formatDayKey(name);
    const key = found.get(text) ?? (await identityOf(name));
    found.set(text, key);
    return key;
  }
}

/** For whoever has passed the answers on. */
export function wipeAnswers(answers: readonly HeaderAnswer[]): void {
  for (const answer of answers) if (answer.kind === "opened") answer.fileKey.fill(0);
}

function answerOf({ header }: SealedHeader, key: IdentityAnswer): HeaderAnswer {
  if (key.kind !== "identity") return key;
  const fileKey = header.length > HEADER_BYTES_MAX ? undefined : openHeader(header, key.identity);
  return fileKey === undefined ? { kind: "not-openable" } : { kind: "opened", fileKey };
}
