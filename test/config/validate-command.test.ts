import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createOpenContext } from "../../src/commands/context.ts";
import { validateCommand } from "../../src/commands/validate.ts";
import { exitCode } from "../../src/exit-code.ts";
import { type CommandWorld, createCommandWorld, runCommand } from "../support/command-world.ts";

let world: CommandWorld;

beforeEach(async () => {
  world = await createCommandWorld();
});

afterEach(async () => {
  await world.end();
});

describe("hostlog validate", () => {
  it("says what the config means and where it came from", async () => {
    const file = join(world.folder, "hostlog.yaml");
    await writeFile(
      file,
      "store: file:///srv/logs\nclasses: {shop: {raw: 180d, analytics: 2y}}\ndomains: {shop.example.org: shop}\n",
    );
    await runCommand(validateCommand(world.surroundings));
    expect(world.takeOutput()).toBe(
      [
        `config      ${file}`,
        "node        web-1",
        "raw         file:///srv/logs/raw",
        "analytics   file:///srv/logs/analytics",
        "quarantine  file:///srv/logs/quarantine",
        "ledger      file:///srv/logs/ledger",
        "published   file:///srv/logs/published",
        "state       /srv/logs/state",
        "seal        age for a new store; others stay as they are",
        `keys        ${world.folder}/.local/state/hostlog/keys`,
        "provider    the first key that this machine sees, or its keyring's",
        "custodian   the keyring on this machine, if there is one",
        "format      auto",
        "class       standard: raw 2y, analytics 2y",
        "class       shop: raw 180d, analytics 2y",
        "quarantine  90d",
        "domains     1 named, all others are standard",
        "retention   17 2 * * * (UTC)",
        "",
      ].join("\n"),
    );
  });

  it("says how a store is sealed, where its keys lie, and who opens it", async () => {
    const provider = `ed25519:${"A".repeat(43)}=`;
    const text = [
      "store: file:///srv/logs",
      "seal: age",
      `keys: { folder: /srv/keys, provider: "${provider}" }`,
      "custodian: { url: unix:/run/hostlog/custodian.sock }",
    ];
    await writeFile(join(world.folder, "hostlog.yaml"), text.join("\n"));
    await runCommand(validateCommand(world.surroundings));
    const output = world.takeOutput();
    expect(output).toContain(
      `\nseal        age\nkeys        /srv/keys\nprovider    ${provider}\ncustodian   unix:/run/hostlog/custodian.sock\n`,
    );
  });

  it("speaks of no keys where nothing is sealed", async () => {
    await writeFile(join(world.folder, "hostlog.yaml"), "store: file:///srv/logs\nseal: none\n");
    await runCommand(validateCommand(world.surroundings));
    const output = world.takeOutput();
    expect(output).toContain("\nseal        none\n");
    expect(output).not.toMatch(/^(keys|provider|custodian) /m);
  });

  it("ends with the config's exit code and every problem", async () => {
    const file = join(world.folder, "my.yaml");
    await writeFile(file, "store: s3://logs\nclases: {}\nnode: _\n");
    await expect(
      runCommand(validateCommand(world.surroundings), "--config", "my.yaml"),
    ).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringMatching(new RegExp(`\n${file}:2:1: .+\n${file}:3:7: `)),
    });
    expect(world.takeOutput()).toBe("");
  });

  it("explains the built-in defaults too", async () => {
    await runCommand(validateCommand(world.surroundings), "--store", "./logs");
    expect(world.takeOutput()).toMatch(/^config {6}built-in defaults: no file was found\n/);
  });
});

describe("createOpenContext", () => {
  it("opens each root once, and takes the clock it is given", async () => {
    const context = await createOpenContext(world.surroundings)({ store: "logs" });
    expect(await context.openRoot("raw")).toBe(await context.openRoot("raw"));
    expect((await context.openRoot("ledger")).url).toBe(`file://${world.folder}/logs/ledger`);
    expect(context).toMatchObject({ nowMs: Date.parse("2026-11-22T12:00:00Z"), nowIsArgument: false });
    expect(world.takeErrors()).toBe("");
  });

  it("says once that --now is a drill", async () => {
    const openContext = createOpenContext(world.surroundings);
    for (const _ of [1, 2]) {
      const context = await openContext({ store: "logs", now: "2030-01-01" });
      expect(context).toMatchObject({ nowMs: Date.parse("2030-01-01T00:00:00Z"), nowIsArgument: true });
    }
    expect(world.takeErrors()).toBe("warning: this is a drill: the clock is taken to be 2030-01-01\n");
  });

  it("refuses an instant that is none", async () => {
    await expect(
      createOpenContext(world.surroundings)({ store: "logs", now: "tomorrow" }),
    ).rejects.toMatchObject({
      exitCode: exitCode.usage,
    });
  });
});
