import type { Custodian, OpenRequest } from "../../src/custodian/custodian.ts";
import type { SealedView } from "../../src/seal/day-key-name.ts";
import type { SealedLayout } from "../../src/seal/sealed-layout.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import type { DayObject } from "../batches.ts";
import type { Question } from "../question.ts";
import type { SealedObject } from "../sealed-run.ts";
import type { Unsealer } from "./unsealer.ts";

/** Where sealed objects are, and who opens them. */
export interface SealedSource {
  readonly view: SealedView;
  readonly store: Pick<ObjectStore, "read" | "url">;
  readonly custodian: Custodian;
  /** The look-up's id, and what it is for; for the custodian. */
  readonly lookup: string;
  readonly purpose: Pick<OpenRequest, "purpose" | "case">;
  readonly unsealer: Unsealer;
  /** Of a large object only what this needs is read. */
  readonly question: Question;
  /** What is a large object: of smaller ones all is read. */
  readonly partsAboveBytes: number;
  /** Rows that the look-up has given before, for messages. */
  readonly rowsGiven: number;
  readonly signal: AbortSignal;
}

/** An object that is being opened. */
export interface Opening {
  readonly object: DayObject;
  readonly start: Uint8Array;
  readonly layout: SealedLayout;
  readonly sealed: SealedObject;
}
