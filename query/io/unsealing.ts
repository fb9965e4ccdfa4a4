import { randomBytes } from "node:crypto";
import type { Custodian } from "../../src/custodian/custodian.ts";
import { createUnsealer, type Unsealer } from "./unsealer.ts";

/** A folder for opened objects, and what can be written there. */
export interface OpenedFolder {
  readonly path: string;
  readonly roomBytes: number;
  close(): Promise<void>;
}

/** What a look-up needs that meets sealed objects. */
export interface UnsealPlace {
  /** Asked for once, and closed at the end. */
  readonly custodian: () => Promise<Custodian>;
  /** A folder with room for so many bytes. Asked for once, and closed at the end. */
  readonly openedFolder: (neededBytes: number) => Promise<OpenedFolder>;
}

export interface Unsealing {
  readonly custodian: Custodian;
  readonly folder: OpenedFolder;
  readonly unsealer: Unsealer;
  readonly lookup: string;
  close(): Promise<void>;
}

/** The custodian first: where it cannot be had, nothing else is done. */
export async function openUnsealing(place: UnsealPlace, neededBytes: number): Promise<Unsealing> {
  const custodian = await place.custodian();
  try {
    const folder = await place.openedFolder(neededBytes);
    const unsealer = createUnsealer();
    const close = async (): Promise<void> => {
      // Threads write into the folder, so they end first.
      await unsealer.close();
      await folder.close();
      await custodian.close();
    };
    return { custodian, folder, unsealer, lookup: randomBytes(16).toString("hex"), close };
  } catch (error) {
    await custodian.close();
    throw error;
  }
}
