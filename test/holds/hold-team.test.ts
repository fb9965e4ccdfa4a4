import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { initCommand } from "../../src/commands/init.ts";
import { exitCode } from "../../src/exit-code.ts";
import { runCustodian } from "../custodian/support/run-custodian.ts";
import { runAgeKeygen } from "../support/stock-age.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import { commands, copyWorld, endWorlds, held, knownLines, placedAt } from "./support/hold-world.ts";

const words = ["--days", "2026-02-01..2026-02-02", "--address", held.single];

describe("hostlog hold, of a team", () => {
  it("is placed with a person's key, and copies late lines with the custodian's leave, who has it in the log", async () => {
    const empty = await temporaryFolder();
    const world = await copyWorld(empty, "age");
    const { folder, run, ingest, add, paths } = world;
    const identity = join(folder, "person.txt");
    await writeFile(identity, await runAgeKeygen(), { mode: 0o600 });
    const [, recipient = ""] = /public key: (age1\S+)/.exec(await readFile(identity, "utf8")) ?? [];
    await mkdir(join(folder, "keys"), { recursive: true, mode: 0o700 });
    const now = "2026-02-04T00:00:00Z";
    const made = await run(initCommand, ["--team", "--recipient", recipient], { now });
    expect(made.status, made.stderr).toBe(0);
    const published = await run(commands.keys, ["publish", "--identity", identity], { now });
    expect(published.status, published.stderr).toBe(0);
    await ingest(knownLines(), now);

    const alone = await add(words);
    expect(alone).toMatchObject({ status: exitCode.usage, id: "none" });
    expect(alone.stderr).toContain("give --identity FILE or --passphrase-file FILE");
    const placed = await add([...words, "--identity", identity]);
    expect(placed, placed.stderr).toMatchObject({ status: 0 });
    expect(placed.stdout).toContain("8 rows copied into 2 objects, from 2 objects of 2 days");

    const socket = join(folder, "c.sock");
    const listen = [
      "--listen",
      `unix:${socket}`,
      "--config",
      join(folder, "hostlog.yaml"),
      "--now",
      placedAt,
    ];
    const custodian = await runCustodian(folder, [...listen, "--identity", identity]);
    const config = await readFile(join(folder, "hostlog.yaml"), "utf8");
    await writeFile(join(folder, "hostlog.yaml"), `${config}custodian: { url: "unix:${socket}" }\n`);
    await ingest(knownLines("/late"), "2026-02-05T00:00:00Z");
    const later = { now: "2026-02-05T01:00:00Z" };
    const nightly = await run(commands.hold, ["copy"], later);
    expect(nightly, nightly.stderr).toMatchObject({ status: 0 });
    expect(nightly.stdout).toContain("8 rows copied into 2 objects");
    await custodian.untilSaid(
      /look-up [0-9a-f]{32}: hold \(K 12\/26\) by a user of the socket, 1 object: raw 2026-02-01\n/,
    );
    expect(custodian.errors()).not.toContain(held.single);
    expect(await paths(["--hold", placed.id], later.now)).toHaveLength(16);
    const listed = await run(commands.hold, ["list", "--output", "table"], later);
    expect(listed.stdout).toMatch(
      new RegExp(
        `^${placed.id} +K 12/26 +2026-02-01 +2026-02-02 +until 2026-05-05 +16 +${held.single}$`,
        "m",
      ),
    );
    await endWorlds();
  });
});
