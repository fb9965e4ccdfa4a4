import { cp } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { type Context, createOpenContext } from "../../src/commands/context.ts";
import { destroyKeys } from "../../src/commands/destroy-keys.ts";
import { exitCode } from "../../src/exit-code.ts";
import { openKeyring } from "../../src/keyring/io/open-keyring.ts";
import type { KeyEntry, Keyring } from "../../src/keyring/keyring.ts";
import type { DayKeyName } from "../../src/seal/day-key-name.ts";
import { createKeysWorld, createPerson, type KeysWorld } from "../keys/support/keys-world.ts";
import { dayOf } from "../support/purge-objects.ts";

let small: KeysWorld;
let team: KeysWorld;
let world: KeysWorld;

beforeAll(async () => {
  small = await createKeysWorld();
  await small.init("--small");
  team = await createKeysWorld();
  const { recipient } = await createPerson(team.folder, "ada");
  await team.init("--team", "--recipient", recipient);
});

afterAll(async () => {
  await small.end();
  await team.end();
});

afterEach(async () => {
  await world.end();
});

interface Opened {
  readonly context: Context;
  readonly keyring: Keyring;
  /** Some day's key. */
  readonly doomed: KeyEntry;
  readonly other: KeyEntry;
}

async function open(made: KeysWorld): Promise<Opened> {
  world = await made.copy();
  const keyring = await openKeyring(await world.keyringFolder());
  const [doomed, other] = (await keyring?.entries()) ?? [];
  if (keyring === undefined || doomed === undefined || other === undefined) throw new Error("no keyring");
  return { context: await createOpenContext(world.surroundings)({}), keyring, doomed, other };
}

/** A keyring that says that it has destroyed a key, and has not. */
function lying(keyring: Keyring, gone: KeyEntry): Keyring {
  const said = { destroyed: [gone], destroyedBefore: [], copies: [], copiesLeft: [], exportsOutstanding: [] };
  return { ...keyring, destroy: async () => said };
}

async function recordedDestructions(): Promise<number> {
  return (await world.records()).filter(({ kind }) => kind === "keys-destroyed").length;
}

describe("destroying keys", () => {
  it("is recorded once, with what it was shown by", async () => {
    const { context, keyring, doomed } = await open(small);
    expect(await destroyKeys(context, keyring, [doomed])).toMatchObject({
      kind: "keys-destroyed",
      keys: [{ view: doomed.view, day: doomed.day, recipient: doomed.recipient }],
      probe: "cannot be opened",
    });
    expect(await destroyKeys(context, keyring, [doomed])).toBeUndefined();
    expect(await recordedDestructions()).toBe(1);
  });

  it("is not recorded when what is sealed for the key can still be opened", async () => {
    const { context, keyring, doomed } = await open(small);
    await expect(destroyKeys(context, lying(keyring, doomed), [doomed])).rejects.toMatchObject({
      exitCode: exitCode.integrity,
      message: expect.stringContaining("can still be opened"),
    });
    expect(await recordedDestructions()).toBe(0);
  });

  it("is not recorded when another day has the same key, which opens it", async () => {
    const { context, keyring, doomed, other } = await open(team);
    const twin = lying(keyring, { ...doomed, recipient: other.recipient });
    await expect(destroyKeys(context, twin, [doomed])).rejects.toMatchObject({
      exitCode: exitCode.integrity,
    });
    expect(await recordedDestructions()).toBe(0);
  });

  it("is not recorded while somebody's copy lies in the keyring's folder, which is named", async () => {
    const { context, keyring, doomed } = await open(team);
    await cp(join(keyring.folder, "days"), join(keyring.folder, "days-of-before"), { recursive: true });
    await expect(destroyKeys(context, keyring, [doomed])).rejects.toMatchObject({
      exitCode: exitCode.integrity,
      message: expect.stringContaining("days-of-before/"),
    });
    expect(await recordedDestructions()).toBe(0);
  });

  it("names in its record the exports that hold one of its keys, and not those of others", async () => {
    const { context, keyring, doomed } = await open(small);
    const unlocked = await keyring.unlock({ identities: [], passphrase: undefined });
    const at = "2026-11-22T12:00:00.000Z";
    await unlocked.export({ at, sealedFor: { recipients: [keyring.custodianRecipient] } });
    unlocked.close();
    const newer: DayKeyName = { view: "raw", retentionClass: "standard", day: dayOf("2030-01-01") };
    await keyring.ensure([{ ...newer, firstDay: newer.day, lastDay: newer.day }], "2026-11-23T12:00:00.000Z");

    expect(await destroyKeys(context, keyring, [doomed])).toMatchObject({ exportsOutstanding: [1] });
    expect(await destroyKeys(context, keyring, [doomed, newer])).toMatchObject({
      keys: [{ day: newer.day }],
      exportsOutstanding: [],
    });
  });
});
