import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { exitCode } from "../../src/exit-code.ts";
import { findCanariesBelow } from "../support/find-canaries.ts";
import {
  commands,
  copyWorld,
  days,
  endWorlds,
  type HoldWorld,
  held,
  type KnownLine,
  knownLines,
  makeStore,
} from "./support/hold-world.ts";

/** Two of three days, one of two sites, two of five clients and a list that names one of them. */
const scope = [
  "--days",
  "2026-02-01..2026-02-02",
  "--domain",
  "shop.example.org",
  "--address",
  held.single,
  "--address",
  held.network,
];

function isHeld({ day, site, client }: KnownLine): boolean {
  const clients: readonly string[] = [held.single, held.list, held.networkMember];
  return day !== days[2] && site === "shop.example.org" && clients.includes(client);
}

function pathsOf(lines: readonly KnownLine[]): readonly string[] {
  return lines.map(({ path }) => path).sort();
}

const heldPaths = pathsOf(knownLines().filter(isHeld));

const made = { age: "", none: "" };

beforeAll(async () => {
  for (const seal of ["age", "none"] as const) made[seal] = await makeStore(seal);
}, 60_000);

afterAll(() => endWorlds(...Object.values(made)));

describe.each(["age", "none"] as const)("hostlog hold, seal: %s", (seal) => {
  const world = (): Promise<HoldWorld> => copyWorld(made[seal], seal);

  it("copies the rows of its days that fit a domain and an address, and a look-up without it finds each once", async () => {
    const { add, paths } = await world();
    const { status, stdout, stderr, id } = await add(scope);
    expect(status, stderr).toBe(0);
    expect(stdout).toBe(
      `hold ${id} is placed, for rows of 2026-02-01 to 2026-02-02 (1 domain, 2 addresses); its copies are kept until 2026-05-05, longer with "hostlog hold renew ${id}"
hold ${id}: 6 rows copied into 2 objects, from 2 objects of 2 days\n`,
    );
    expect(heldPaths).toHaveLength(6);
    expect(await paths(["--hold", id])).toEqual(heldPaths);
    expect(await paths(["--hold", id, "--from", "2026-02-02", "--until", "2026-02-03"])).toEqual(
      heldPaths.filter((path) => path.startsWith("/2026-02-02")),
    );
    expect(await paths(["--since", "4d"])).toEqual(pathsOf(knownLines()));
  });

  it("copies what came since, once, when it is asked to and when the hold is renewed", async () => {
    const { add, run, paths, ingest } = await world();
    const { id } = await add([...scope, "--until", "2026-02-20"]);
    await ingest(knownLines("/late"), "2026-02-05T00:00:00Z");
    const late = await run(commands.hold, ["copy", id], { now: "2026-02-05T01:00:00Z" });
    expect(late, late.stderr).toMatchObject({
      status: 0,
      stdout: `hold ${id}: 6 rows copied into 2 objects, from 2 objects of 2 days\n`,
    });
    await ingest(knownLines("/later"), "2026-02-06T00:00:00Z");
    const words = ["renew", id, "--until", "2026-04-01", "--reason", "the court has not decided"];
    const renewed = await run(commands.hold, words, { now: "2026-02-06T01:00:00Z" });
    expect(renewed, renewed.stderr).toMatchObject({ status: 0 });
    expect(renewed.stdout).toContain(`hold ${id} lasts until 2026-04-01\n`);
    const all = ["", "/late", "/later"].flatMap((serial) => knownLines(serial).filter(isHeld));
    expect(await paths(["--hold", id], "2026-02-06T02:00:00Z")).toEqual(pathsOf(all));
    const again = await run(commands.hold, ["copy"], { now: "2026-02-06T02:00:00Z" });
    expect(again).toMatchObject({ status: 0, stdout: `hold ${id}: nothing came since\n` });
  });

  it("leaves nothing of what it is for in the ledger, in its own files and in what it says", async () => {
    const { add, folder, run } = await world();
    const { id, stdout, stderr } = await add(scope);
    const canaries = { single: held.single, network: held.network };
    for (const place of ["store/ledger", "store/published", "state", "keys"]) {
      expect(await findCanariesBelow(join(folder, place), canaries)).toEqual([]);
    }
    // The names of logs stand in the manifests of batches, and this site's log has its name.
    const site = "shop.example.org";
    for (const place of ["chains", "holds"]) {
      expect(await findCanariesBelow(join(folder, "store/ledger", place), { site })).toEqual([]);
    }
    for (const canary of [held.single, held.network, site]) expect(stdout + stderr).not.toContain(canary);
    const { stdout: json } = await run(commands.hold, ["list", "--output", "json"]);
    expect(JSON.parse(json)).toMatchObject({
      holds: [
        {
          hold: id,
          case: "K 12/26",
          is_live: true,
          domain_count: 1,
          address_count: 2,
          scope: { domains: ["shop.example.org"], addresses: [held.single, held.network] },
          rows: 6,
        },
      ],
    });
    await run(commands.hold, ["lift", id, "--reason", "settled"]);
    const after = await run(commands.hold, ["list", "--all", "--output", "json"]);
    expect(JSON.parse(after.stdout)).toMatchObject({ holds: [{ hold: id, is_live: false, scope: null }] });
  });
});

describe("hostlog hold", () => {
  const world = (): Promise<HoldWorld> => copyWorld(made.age, "age");

  it("says of which days rows are gone, and ends with 2", async () => {
    const { add, run, paths } = await world();
    const destroyed = await run(commands.keys, ["destroy", "--day", "2026-02-01", "--yes"]);
    expect(destroyed.status, destroyed.stderr).toBe(0);
    const { status, stdout, stderr, id } = await add(scope);
    expect(status).toBe(exitCode.partial);
    expect(stdout).toContain(
      "warning: 1 day, of which each has rows that were destroyed before they could be held: 2026-02-01\n",
    );
    expect(stdout).toMatch(
      /warning: 1 object, of which each could not be looked through: the key is destroyed: dt=2026-02-01/,
    );
    expect(stderr).toContain(`hold ${id} stands, and does not keep all rows of its days, see above`);
    expect(await paths(["--hold", id])).toEqual(heldPaths.filter((path) => path.startsWith("/2026-02-02")));
    // It was said once, and cannot be mended.
    expect(await run(commands.hold, ["copy", id])).toMatchObject({ status: 0 });
  });

  it("ends when it is lifted, and with its last day: then nothing is copied, and it cannot be renewed", async () => {
    const { add, run, ingest, paths } = await world();
    const first = await add(scope);
    const second = await add([...scope, "--until", "2026-02-10"]);
    const lifted = await run(commands.hold, ["lift", first.id, "--reason", "settled"]);
    expect(lifted, lifted.stderr).toMatchObject({ status: 0 });
    await ingest(knownLines("/late"), "2026-02-11T00:00:00Z");
    const now = "2026-02-11T01:00:00Z";
    expect(await run(commands.hold, ["copy"], { now })).toMatchObject({
      status: 0,
      stdout: "there is no hold\n",
    });
    for (const { id } of [first, second]) {
      const words = ["renew", id, "--until", "2026-03-01", "--reason", "again"];
      const { status, stderr } = await run(commands.hold, words, { now });
      expect({ status, stderr }).toMatchObject({ status: exitCode.usage });
      expect(stderr).toContain(`hold ${id} has ended on`);
      expect(await paths(["--hold", id], now)).toEqual(heldPaths);
    }
    expect(await run(commands.hold, ["list"], { now })).toMatchObject({
      stdout: '{"kind":"holds","today":"2026-02-11","holds":[]}\n',
    });
  });

  it("refuses what makes no sense, and has done nothing", async () => {
    const { add, store } = await world();
    const before = await readdir(join(store, "ledger", "chains", "control"));
    const day = ["--days", "2026-02-01"];
    const wishes: readonly (readonly [readonly string[], string])[] = [
      [day, "say which rows to keep"],
      [["--days", "2026-02-30", "--domain", "a.example"], "--days: write the UTC days"],
      [["--days", "2026-02-02..2026-02-01", "--domain", "a.example"], "the first day is after the last"],
      [["--days", "2026-02-05", "--domain", "a.example"], "the first day is yet to come"],
      [[...day, "--domain", "a.example", "--until", "2026-05-06"], "on 2026-05-05 at the latest"],
      [[...day, "--domain", "a.example", "--until", "2026-02-03"], "ends today at the earliest"],
      [[...day, "--address", "192.0.2.300"], "--address: one of those given is not an address or a network"],
    ];
    for (const [words, message] of wishes) {
      const { status, stderr } = await add(words);
      expect({ status, stderr }).toEqual({
        status: exitCode.usage,
        stderr: expect.stringContaining(message),
      });
      expect(stderr).not.toContain("192.0.2.300");
    }
    expect(await readdir(join(store, "ledger", "chains", "control"))).toEqual(before);
  });

  it("does not confuse what there is to say of keys, and nodes are told of none of its own", async () => {
    const { add, run, store } = await world();
    const { id } = await add(scope);
    const listed = await run(commands.keys, ["list", "--output", "table"], { now: "2026-03-20T00:00:00Z" });
    expect(listed.stdout).toMatch(
      new RegExp(`^raw +hold-${id} +2026-02-01 +2026-02-02 +2 +0 +a hold's$`, "m"),
    );
    // 2026-02-01 is past its term by then: raw and quarantine up to 2026-02-17, and none of the hold's two.
    expect(listed.stdout).toMatch(/^! \d+ keys past the term of their day/m);
    expect(await run(commands.keys, ["verify"])).toMatchObject({ status: 0 });
    const published = await run(commands.keys, ["publish"]);
    expect(published.stdout).toContain("is up to date");
    expect(await readdir(join(store, "published", "recipients"))).toHaveLength(1);
  });
});
