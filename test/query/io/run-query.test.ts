import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openEngine } from "../../../query/io/open-engine.ts";
import { runQuery } from "../../../query/io/run-query.ts";
import { addDays, dayOfMs, MS_PER_DAY, parseDay, startMs } from "../../../src/day.ts";
import { exitCode } from "../../../src/exit-code.ts";
import { dayPrefix } from "../../../src/partition.ts";
import { createFolderStore } from "../../../src/store/folder-store.ts";
import { parquetOf, parquetRows, rawRow } from "../../support/parquet-rows.ts";
import { ask, createTestStore, nothingSealed, putRaw, questionOf, testKey } from "../support/query-world.ts";

const nowMs = Date.parse("2026-11-22T12:00:00Z");
const timeMs = nowMs - 3_600_000;

const userError = (code: number, message: string): unknown =>
  expect.objectContaining({ name: "UserError", exitCode: code, message: expect.stringContaining(message) });

describe("runQuery", () => {
  it("lists and opens the days that can hold an answer and no others", async () => {
    const store = createTestStore();
    await putRaw(
      store,
      [0, 1, 2, 3, 4].map((daysAgo) => ({ time: timeMs - daysAgo * MS_PER_DAY, path: `/${daysAgo}` })),
    );
    const { rows, report } = await ask(store, questionOf({ from: "2 days ago" }, nowMs));
    expect(rows).toEqual([["/1"], ["/0"]]);
    expect(report).toMatchObject({
      days: 3,
      objectsListed: 3,
      objectsOpened: 3,
      rowsMatched: 2,
      rowsGiven: 2,
    });
    expect(report.bytes).toBeGreaterThan(1000);
    expect(store.calls).toEqual({ list: 3, asFile: 3 });
  });

  it("lists a long range once, from its first day to its last", async () => {
    const store = createTestStore();
    await putRaw(
      store,
      [1, 50, 100, 101].map((daysAgo) => ({ time: timeMs - daysAgo * MS_PER_DAY, path: `/${daysAgo}` })),
    );
    const question = questionOf({ from: "100d ago", until: "2d ago" }, nowMs);
    const { rows, report } = await ask(store, question);
    expect(rows).toEqual([["/50"]]);
    expect(report).toMatchObject({ days: 99, objectsListed: 2, objectsOpened: 2 });
    expect(store.calls).toEqual({ list: 1, asFile: 2 });
  });

  it("opens nothing where there is nothing", async () => {
    const { rows, report } = await ask(createTestStore(), questionOf({}, nowMs));
    expect(rows).toEqual([]);
    expect(report).toMatchObject({ days: 2, objectsListed: 0, objectsOpened: 0, bytes: 0, rowsMatched: 0 });
  });

  it("gives rows by time, then node, source and position, over all objects", async () => {
    const store = createTestStore();
    const rows = [
      { time: timeMs, node: "web2", path: "4" },
      { time: timeMs, node: "web1", source: "b", path: "3" },
      { time: timeMs, node: "web1", source: "a", source_offset: 10, path: "2" },
      { time: timeMs, node: "web1", source: "a", source_offset: 9, path: "1" },
      { time: timeMs - 1, node: "web3", path: "0" },
    ];
    for (const row of rows) await putRaw(store, [row]);
    expect((await ask(store, questionOf({}, nowMs))).rows.flat()).toEqual(["0", "1", "2", "3", "4"]);
  });

  it("counts what a limit leaves out, also on later days", async () => {
    const store = createTestStore();
    await putRaw(
      store,
      Array.from({ length: 10 }, (_, i) => ({ time: timeMs - i * 3_600_000 * 5, path: `/${i}` })),
    );
    const { rows, report } = await ask(store, questionOf({ since: "4d", limit: 3 }, nowMs));
    expect(rows.flat()).toEqual(["/9", "/8", "/7"]);
    expect(report).toMatchObject({ rowsMatched: 10, rowsGiven: 3 });
  });

  it("takes the beginning in and leaves the end out", async () => {
    const store = createTestStore();
    await putRaw(
      store,
      [-1, 0, 1, 2].map((offset) => ({ time: timeMs + offset, path: `/${offset}` })),
    );
    const asked = { from: new Date(timeMs).toISOString(), until: new Date(timeMs + 2).toISOString() };
    expect((await ask(store, questionOf(asked, nowMs))).rows.flat()).toEqual(["/0", "/1"]);
  });

  it("reads objects of older and newer schemas together, and of an older one alone", async () => {
    const store = createTestStore();
    const old = await parquetRows([rawRow({ time: timeMs, path: "/old" })], {
      without: ["duration_ms", "request_raw"],
    });
    await store.create(testKey(timeMs), old);
    const question = questionOf({ columns: "target,duration_ms" }, nowMs);
    expect((await ask(store, question)).rows).toEqual([["/old", null]]);
    await store.create(
      testKey(timeMs),
      await parquetOf(
        `SELECT make_timestamptz(${timeMs + 1} * 1000) AS time, '/new' AS path, 2.5::DOUBLE AS duration_ms, 'x' AS from_the_future`,
      ),
    );
    expect((await ask(store, question)).rows).toEqual([
      ["/old", null],
      ["/new", 2.5],
    ]);
  });

  it("answers from analytics", async () => {
    const store = createTestStore();
    const row = {
      time: startMs(dayOfMs(timeMs)),
      domain: "example.org",
      client_net: "192.0.2.0/24",
      is_bot: false,
      visit_start: true,
      visitor_first_of_day: true,
    };
    await store.create(testKey(timeMs), await parquetRows([row], { view: "analytics" }));
    const question = questionOf(
      { view: "analytics", from: "today 00:10", columns: "time,client_net,is_bot,status" },
      nowMs,
    );
    expect((await ask(store, question)).rows).toEqual([[row.time, "192.0.2.0/24", false, null]]);
  });

  it("names what it does not recognise and answers from the rest", async () => {
    const store = createTestStore();
    await putRaw(store, [{ time: timeMs, path: "/a" }]);
    const foreign = `${dayPrefix(dayOfMs(timeMs))}notes.txt`;
    await store.create(foreign, new Uint8Array([1]));
    const { rows, report } = await ask(store, questionOf({}, nowMs));
    expect(rows).toEqual([["/a"]]);
    expect(report).toMatchObject({ objectsListed: 2, objectsOpened: 1, unrecognised: [foreign] });
  });

  it("names an object that was gone before it could be read, and answers from the rest", async () => {
    const store = createTestStore();
    const keys = [
      ...(await putRaw(store, [{ time: timeMs, path: "/stays" }])),
      ...(await putRaw(store, [{ time: timeMs, path: "/goes" }])),
    ];
    const purging = {
      ...store,
      async *list(prefix: string) {
        yield* store.list(prefix);
        await store.remove(keys.slice(1));
      },
    };
    const { rows, report } = await ask(purging, questionOf({ from: "today" }, nowMs));
    expect(rows).toEqual([["/stays"]]);
    expect(report.vanished).toEqual(keys.slice(1));
  });

  it.each([
    ["is empty", () => new Uint8Array(0)],
    ["is no Parquet", () => new TextEncoder().encode("no parquet at all ".repeat(20))],
    ["is cut off", (whole: Uint8Array) => whole.subarray(0, whole.length >> 1)],
    [
      "has a broken footer",
      (whole: Uint8Array) =>
        whole.map((byte, at) => (at > whole.length - 400 && at < whole.length - 200 ? 0x41 : byte)),
    ],
    ["has a broken page", (whole: Uint8Array) => whole.map((byte, at) => (at > 8 && at < 400 ? 0x41 : byte))],
  ])("names the one object of several that %s", async (_what, damage) => {
    const store = createTestStore();
    const whole = await parquetRows(
      Array.from({ length: 300 }, (_, i) => rawRow({ time: timeMs + i, path: `/${i}` })),
    );
    await store.create(testKey(timeMs), whole);
    const key = testKey(timeMs);
    await store.create(key, damage(whole));
    await store.create(testKey(timeMs), whole);
    await expect(ask(store, questionOf({}, nowMs))).rejects.toEqual(userError(exitCode.integrity, key));
  });

  it("says that what was given is not the whole answer when damage shows late", async () => {
    const store = createTestStore();
    await putRaw(store, [{ time: timeMs - 400 * MS_PER_DAY, path: "/first" }]);
    const old = Array.from({ length: 500 }, (_, i) => ({
      time: timeMs - (399 - Math.floor(i / 250)) * MS_PER_DAY,
      path: "/x",
    }));
    const filler = await parquetRows(old.slice(0, 1).map(rawRow));
    for (let i = 0; i < 500; i++) await store.create(testKey(timeMs - 399 * MS_PER_DAY), filler);
    await store.create(testKey(timeMs), new Uint8Array(100));
    const question = questionOf({ since: "60w", columns: "path" }, nowMs);
    await expect(ask(store, question)).rejects.toEqual(
      userError(exitCode.integrity, "The 501 rows given so far are NOT the whole answer"),
    );
  });

  it("stops when it is asked to, and leaves nothing behind", async () => {
    const store = createTestStore();
    await putRaw(store, [{ time: timeMs }]);
    const stop = new AbortController();
    const reason = new Error("enough");
    const aborting = {
      ...store,
      asFile(key: string, directory: string) {
        stop.abort(reason);
        return store.asFile(key, directory);
      },
    };
    await expect(ask(aborting, questionOf({}, nowMs), { signal: stop.signal })).rejects.toBe(reason);
  });

  it("leaves nothing behind when its reader has seen enough", async () => {
    const store = createTestStore();
    await putRaw(
      store,
      [0, 1].map((daysAgo) => ({ time: timeMs - daysAgo * MS_PER_DAY, path: `/${daysAgo}` })),
    );
    const scratchDirectory = await mkdtemp(join(tmpdir(), "hostlog-test-"));
    try {
      const signal = new AbortController().signal;
      const run = runQuery(questionOf({ since: "2d" }, nowMs), {
        store,
        scratchDirectory,
        signal,
        ...nothingSealed,
      });
      for await (const block of run.blocks) {
        expect(block).toEqual([["/1"], ["/0"]]);
        expect(await readdir(scratchDirectory)).toHaveLength(1);
        break;
      }
      expect(await readdir(scratchDirectory)).toEqual([]);
    } finally {
      await rm(scratchDirectory, { recursive: true, force: true });
    }
  });

  it("reads a store whose path would mean something as a pattern", async () => {
    const directory = await mkdtemp(join(tmpdir(), "hostlog-test-"));
    try {
      for (const [name, path] of [
        ["s[1]*", "/right"],
        ["s1x", "/wrong"],
      ] as const) {
        await putRaw(createFolderStore(join(directory, name), "file:///x"), [{ time: timeMs, path }]);
      }
      const store = createFolderStore(join(directory, "s[1]*"), "file:///x");
      expect((await ask(store, questionOf({}, nowMs))).rows).toEqual([["/right"]]);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

  it("changes no answer by leaving days out", async () => {
    const first = parseDay("2026-11-18") ?? dayOfMs(0);
    const everyDay = [-2, -1, 0, 1, 2, 3, 4, 5, 6].map((offset) => addDays(first, offset));
    const store = createTestStore();
    const instants = [0, 1, 2, 3].flatMap((day) =>
      [0, 1, 43_200_000, MS_PER_DAY - 1].map((ms) => startMs(first) + day * MS_PER_DAY + ms),
    );
    await putRaw(
      store,
      instants.map((time) => ({ time, path: `/${time}` })),
    );
    const edge = fc.constantFrom(...instants.flatMap((ms) => [ms - 1, ms, ms + 1]));
    await fc.assert(
      fc.asyncProperty(edge, edge, async (a, b) => {
        fc.pre(a !== b);
        const question = { ...questionOf({}, nowMs), fromMs: Math.min(a, b), toMs: Math.max(a, b) };
        const pruned = await ask(store, question);
        const whole = await ask(store, question, { days: everyDay });
        expect(pruned.rows).toEqual(whole.rows);
        expect(pruned.rows.flat()).toEqual(
          instants.filter((ms) => ms >= question.fromMs && ms < question.toMs).map((ms) => `/${ms}`),
        );
      }),
      { numRuns: 12 },
    );
  });

  it("streams a large answer in order, in bounded memory, at its reader's pace", async () => {
    const store = createTestStore();
    const rows = 300_000;
    await store.create(
      testKey(timeMs),
      await parquetOf(
        `SELECT make_timestamptz((${timeMs} + (range * 7919) % ${rows}) * 1000) AS time, '/' || range AS path, repeat('x', 200) || range AS user_agent FROM range(${rows})`,
      ),
    );
    const scratchDirectory = await mkdtemp(join(tmpdir(), "hostlog-test-"));
    try {
      const signal = new AbortController().signal;
      const question = questionOf({ columns: "time,path,user_agent" }, nowMs);
      const run = runQuery(question, {
        store,
        scratchDirectory,
        signal,
        ...nothingSealed,
      });
      const before = process.memoryUsage();
      let mostHeapBytes = 0;
      let mostBytes = 0;
      let last = 0;
      let count = 0;
      for await (const block of run.blocks) {
        const { heapUsed, rss } = process.memoryUsage();
        mostHeapBytes = Math.max(mostHeapBytes, heapUsed);
        mostBytes = Math.max(mostBytes, rss);
        count += block.length;
        expect(block.length).toBeLessThanOrEqual(2048);
        const first = Number(block[0]?.[0]);
        expect(first).toBeGreaterThanOrEqual(last);
        last = Number(block.at(-1)?.[0]);
      }
      expect(count).toBe(rows);
      expect(mostHeapBytes - before.heapUsed).toBeLessThan(60 * 1024 * 1024);
      expect(mostBytes - before.rss).toBeLessThan(600 * 1024 * 1024);
    } finally {
      await rm(scratchDirectory, { recursive: true, force: true });
    }
  });
});

describe("openEngine", () => {
  it("reads the given files and nothing else, and cannot be talked into more", async () => {
    const engine = await openEngine(["/nonexistent.parquet"], new AbortController().signal);
    const refused = [
      "SELECT * FROM read_text('/etc/hostname')",
      "SELECT * FROM glob('/etc/*')",
      "COPY (SELECT 1) TO '/nonexistent.parquet.csv'",
      "ATTACH '/nonexistent.db'",
      "INSTALL httpfs",
      "LOAD httpfs",
      "SET enable_external_access = true",
      "SET allowed_paths = ['/etc/hostname']",
      "SET memory_limit = '100GB'",
      "SET temp_directory = '.'",
    ];
    try {
      for (const sql of refused) {
        await expect(engine.rows({ sql, parameters: [] }).next(), sql).rejects.toThrow(
          /Permission Error|locked|Cannot change/,
        );
      }
    } finally {
      engine.close();
    }
  });
});
