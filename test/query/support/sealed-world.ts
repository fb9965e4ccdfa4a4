import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import type { QueryPlace } from "../../../query/io/run-query.ts";
import type { Custodian, HeaderAnswer, OpenRequest } from "../../../src/custodian/custodian.ts";
import { openHeader } from "../../../src/seal/age-header.ts";
import { sealBytes } from "../../../src/seal/seal-bytes.ts";
import { generateIdentity } from "../../../src/seal/x25519.ts";
import type { ObjectStore } from "../../../src/store/object-store.ts";
import { type ParquetRow, parquetRows, rawRow } from "../../support/parquet-rows.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { testKey } from "./query-world.ts";

/** One key pair for all objects, and what its custodian was asked. */
export interface SealedWorld {
  readonly place: Pick<QueryPlace, "custodian" | "openedFolder">;
  readonly requests: readonly OpenRequest[];
  /** How often a custodian was opened, and closed. */
  readonly custodians: { opened: number; closed: number };
  /** What the folders were asked to have room for. */
  readonly neededBytes: readonly number[];
  /** Answers in the place of the key's, by the object's key. */
  readonly answers: Map<string, HeaderAnswer>;
  /** Where objects are opened. */
  readonly folder: string;
  /** What lies there. */
  opened(): Promise<readonly { readonly mode: number; readonly name: string }[]>;
  seal(plain: Uint8Array): Uint8Array;
  /** Stores raw rows of one day in one sealed object, and returns its key. */
  put(store: ObjectStore, rows: readonly ParquetRow[]): Promise<string>;
}

export async function createSealedWorld({ roomBytes = Infinity } = {}): Promise<SealedWorld> {
  const { identity, recipient } = generateIdentity();
  const folder = await temporaryFolder();
  const requests: OpenRequest[] = [];
  const neededBytes: number[] = [];
  const custodians = { opened: 0, closed: 0 };
  const answers = new Map<string, HeaderAnswer>();
  const answer = (header: Uint8Array): HeaderAnswer => {
    const fileKey = openHeader(header, identity);
    return fileKey === undefined ? { kind: "not-openable" } : { kind: "opened", fileKey };
  };
  const custodian: Custodian = {
    name: "the custodian of this test",
    async openHeaders(request) {
      requests.push(request);
      return request.headers.map(({ key, header }) => answers.get(key) ?? answer(header));
    },
    async close() {
      custodians.closed++;
    },
  };
  const seal = (plain: Uint8Array): Uint8Array => sealBytes(plain, [recipient]);
  return {
    place: {
      async custodian() {
        custodians.opened++;
        return custodian;
      },
      async openedFolder(bytes) {
        neededBytes.push(bytes);
        return { path: folder, roomBytes, close: async () => undefined };
      },
    },
    requests,
    custodians,
    neededBytes,
    answers,
    folder,
    async opened() {
      const found = await readdir(folder, { recursive: true });
      return Promise.all(
        found.map(async (name) => ({ name, mode: (await stat(join(folder, name))).mode & 0o777 })),
      );
    },
    seal,
    async put(store, rows) {
      const key = testKey(Number(rows[0]?.["time"]), true);
      await store.create(key, seal(await parquetRows(rows.map(rawRow))));
      return key;
    },
  };
}
