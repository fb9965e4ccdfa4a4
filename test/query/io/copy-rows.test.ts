import { describe, expect, it } from "vitest";
import { type CopiedRows, copyRows } from "../../../query/io/copy-rows.ts";
import { openUnsealing } from "../../../query/io/unsealing.ts";
import { parseNetwork } from "../../../src/address.ts";
import { dayOfMs } from "../../../src/day.ts";
import type { ParquetRow } from "../../support/parquet-rows.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";
import { createTestStore, putRaw } from "../support/query-world.ts";
import { createSealedWorld } from "../support/sealed-world.ts";

const timeMs = Date.parse("2026-02-01T10:00:00Z");
const day = dayOfMs(timeMs);
const { signal } = new AbortController();

function rowsOf(first: number, count: number): readonly ParquetRow[] {
  return Array.from({ length: count }, (_, index) => ({
    time: timeMs + first + index,
    path: `/${first + index}`,
    client_ip: `192.0.2.${(first + index) % 2}`,
    bytes_sent: index % 3 === 0 ? null : 2 ** 53 - 1,
    duration_ms: index / 7,
    source_offset: 2 ** 40 + index,
  }));
}

type TestStore = ReturnType<typeof createTestStore>;

interface CopyOptions {
  readonly address?: string;
  readonly fileRows?: number;
}

async function copyAll(
  store: TestStore,
  keys: readonly string[],
  { address, fileRows }: CopyOptions = {},
): Promise<readonly CopiedRows[]> {
  const objects = await Promise.all(
    keys.map(async (key) => ({ key, day, sizeBytes: (await store.read(key)).length })),
  );
  const network = address === undefined ? undefined : parseNetwork(address);
  const found: CopiedRows[] = [];
  const wish = {
    day,
    objects,
    domains: [],
    networks: network === undefined ? [] : [network],
    ...(fileRows === undefined ? {} : { fileRows }),
  };
  const place = {
    store,
    unsealing: undefined,
    purpose: { purpose: "hold", case: "K 1" },
    scratchDirectory: await temporaryFolder(),
    metadata: { "hostlog.program": "test" },
    signal,
  } as const;
  for await (const one of copyRows(wish, place)) found.push(one);
  return found;
}

describe("copyRows", () => {
  it("makes the same file of the same rows, whatever objects they lie in, a copy of them included", async () => {
    const store = createTestStore();
    const [whole = ""] = await putRaw(store, rowsOf(0, 30));
    const [second = ""] = await putRaw(store, rowsOf(10, 20));
    const [first = ""] = await putRaw(store, rowsOf(0, 10));
    const [one] = await copyAll(store, [whole]);
    expect(one).toMatchObject({ rows: 30, lookedThrough: [whole] });
    const copy = "dt=2026-02-01/hold_hold-00000000_00000000000000000000000000000000.parquet";
    await store.create(copy, one?.parquet ?? new Uint8Array());
    const [again] = await copyAll(store, [copy]);
    expect(Buffer.compare(again?.parquet ?? Buffer.of(), one?.parquet ?? Buffer.of(1))).toBe(0);
    // Offsets begin anew in each of the two, so that their rows are others: but in which order they come does not count.
    const [forth] = await copyAll(store, [first, second]);
    const [back] = await copyAll(store, [second, first]);
    expect(Buffer.compare(forth?.parquet ?? Buffer.of(), back?.parquet ?? Buffer.of(1))).toBe(0);
  });

  it("writes a file when there are rows for one, and names each object once", async () => {
    const store = createTestStore();
    const keys = [...(await putRaw(store, rowsOf(0, 4))), ...(await putRaw(store, rowsOf(10, 4)))];
    const found = await copyAll(store, keys, { address: "192.0.2.1", fileRows: 1 });
    expect(found.flatMap(({ lookedThrough }) => lookedThrough)).toEqual(keys);
    expect(found.reduce((sum, { rows }) => sum + rows, 0)).toBe(4);
    const [none] = await copyAll(store, keys, { address: "198.51.100.1" });
    expect(none).toMatchObject({ rows: 0, parquet: undefined, lookedThrough: keys });
  });

  it("tells the custodian what for, and names what could not be opened", async () => {
    const store = createTestStore();
    const world = await createSealedWorld();
    const keys: string[] = [];
    for (const first of [0, 10, 20, 30]) keys.push(await world.put(store, rowsOf(first, 2)));
    const [opened = "", destroyed = "", keyless = "", vanished = ""] = keys;
    world.answers.set(destroyed, { kind: "destroyed", at: "2026-02-01" });
    world.answers.set(keyless, { kind: "no-key" });
    const objects = await Promise.all(
      keys.map(async (key) => ({ key, day, sizeBytes: (await store.read(key)).length })),
    );
    await store.remove([vanished]);
    const unsealing = await openUnsealing(world.place, 1);
    const purpose = { purpose: "hold", case: "K 1" } as const;
    const scratchDirectory = await temporaryFolder();
    const place = { store, unsealing, purpose, scratchDirectory, metadata: {}, signal };
    const found: CopiedRows[] = [];
    for await (const one of copyRows({ day, objects, domains: [], networks: [] }, place)) found.push(one);
    await unsealing.close();
    expect(found).toMatchObject([
      { rows: 2, lookedThrough: [opened], destroyed: [destroyed], keyless: [keyless], vanished: [vanished] },
    ]);
    expect(world.requests).toMatchObject([purpose]);
    expect(await world.opened()).toEqual([]);
  });
});
