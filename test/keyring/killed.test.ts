import { spawn } from "node:child_process";
import { once } from "node:events";
import type * as fileSystem from "node:fs/promises";
import { cp, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { createKeyring } from "../../src/keyring/io/create-keyring.ts";
import { openKeyring } from "../../src/keyring/io/open-keyring.ts";
import type { Keyring } from "../../src/keyring/keyring.ts";
import { followProvider } from "../../src/keyring/provider-history.ts";
import { Dead, type Recorder } from "../store/support/recorded-calls.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";
import {
  AT,
  fewSeries,
  filesBelow,
  identityOf,
  LATER,
  makeEmptyKeyring,
  makeKeyring,
  nothing,
  raw,
  reopen,
  STORE,
  series,
  wrappedIn,
} from "./support/keyring-world.ts";

const recorder = vi.hoisted(
  (): Recorder => ({ calls: [], callsLeft: Number.POSITIVE_INFINITY, lostAnswer: undefined }),
);

// The real calls; behind so many of them the process is dead and makes no more, not even to clean up.
vi.mock("node:fs/promises", async (importOriginal) => {
  const { recordingCalls } = await import("../store/support/recorded-calls.ts");
  return recordingCalls(await importOriginal<typeof fileSystem>(), recorder);
});

beforeEach(() => {
  recorder.callsLeft = Number.POSITIVE_INFINITY;
});

/**
 * A rotation makes the same eleven calls for each file that it replaces: in steps of three it is dead at each of them in
 * one file or another.
 */
const ROTATION_STRIDE = 3;

/** Fewer calls than this would mean that they were not seen. */
const CALLS_MIN = 10;

/**
 * Runs `act` on a copy of the keyring as often as it makes calls that change the disk, dead before the first, the
 * second, … (or each `stride`th); each time `check` looks at what another process finds.
 */
async function killAtEachCall(
  original: Keyring,
  act: (keyring: Keyring) => Promise<unknown>,
  check: (folder: string) => Promise<void>,
  stride = 1,
): Promise<void> {
  const parent = await temporaryFolder();
  for (let calls = 0; ; calls += stride) {
    const folder = join(parent, String(calls), STORE);
    await cp(original.folder, folder, { recursive: true });
    const keyring = await reopen({ folder });
    recorder.callsLeft = calls;
    const died = await act(keyring).then(
      () => false,
      (error: unknown) => {
        if (error instanceof Dead) return true;
        throw error;
      },
    );
    recorder.callsLeft = Number.POSITIVE_INFINITY;
    // That this process lives, which took it, is all that holds it: taking over from a dead one is the lock's matter.
    await rm(join(folder, "lock"), { force: true });
    await check(folder);
    if (died) continue;
    expect(calls).toBeGreaterThan(CALLS_MIN);
    return;
  }
}

/** But for what a dead process left of its lock, which holds no key. */
async function leftoversIn(folder: string): Promise<readonly string[]> {
  return [...(await filesBelow(folder)).keys()].filter(
    (name) => (name.includes("~") && !name.startsWith("lock.")) || name.startsWith("decided"),
  );
}

async function makeSmallest(): Promise<Keyring> {
  const keyring = await makeEmptyKeyring();
  await keyring.ensure([series("2026-11-01", "2026-11-02")], AT);
  return keyring;
}

describe("a process that is killed at any call to the disk", { timeout: 60_000 }, () => {
  it("while it makes a keyring leaves none or a whole one, and another makes it", async () => {
    const parent = await temporaryFolder();
    for (let calls = 0; ; calls++) {
      const folder = join(parent, String(calls), STORE);
      const make = () => createKeyring(folder, { storeId: STORE, at: AT, custodian: { kind: "small" } });
      recorder.callsLeft = calls;
      const died = await make().then(
        () => false,
        () => true,
      );
      recorder.callsLeft = Number.POSITIVE_INFINITY;

      const found = await openKeyring(folder, STORE);

      const keyring = found ?? (await make());
      expect((await keyring.ensure([series("2026-11-01", "2026-11-01")], AT)).made).toBe(1);
      expect(await identityOf(await keyring.unlock(nothing), raw("2026-11-01"))).toHaveLength(32);
      if (died) continue;
      expect(calls).toBeGreaterThan(CALLS_MIN);
      return;
    }
  });

  it("while it ensures keys has changed none that was there, and the next run makes the rest", async () => {
    const original = await makeEmptyKeyring();
    await original.ensure([series("2026-10-31", "2026-11-01")], AT);
    const before = await original.entries();

    await killAtEachCall(
      original,
      (keyring) => keyring.ensure(fewSeries, LATER),
      async (folder) => {
        const keyring = await reopen({ folder });
        const found = await keyring.entries();
        expect(found).toEqual(expect.arrayContaining([...before]));

        await keyring.ensure(fewSeries, LATER);

        const after = await keyring.entries();
        expect(after).toHaveLength(5);
        expect(after).toEqual(expect.arrayContaining([...found]));
        const unlocked = await keyring.unlock(nothing);
        for (const name of after) expect(await identityOf(unlocked, name)).toHaveLength(32);
        expect(await leftoversIn(folder)).toEqual([]);
      },
    );
  });

  it("while it destroys keys leaves nothing of those that are said to be destroyed, and the next run destroys the rest", async () => {
    const original = await makeKeyring();
    const doomed = [raw("2026-10-31"), raw("2026-11-01")];
    const wrapped = await Promise.all(doomed.map((name) => wrappedIn(original.folder, name)));

    await killAtEachCall(
      original,
      (keyring) => keyring.destroy(doomed, LATER),
      async (folder) => {
        const keyring = await reopen({ folder });
        const isGone = await goneOf(keyring, doomed);
        expect(await findTexts(folder, wrapped)).toEqual(isGone.map((gone) => !gone));

        const { destroyed, destroyedBefore } = await keyring.destroy(doomed, LATER);

        expect(destroyed.length + destroyedBefore.length).toBe(2);
        expect(destroyedBefore).toHaveLength(isGone.filter(Boolean).length);
        expect(await findTexts(folder, wrapped)).toEqual([false, false]);
        expect(await identityOf(await keyring.unlock(nothing), raw("2026-11-02"))).toHaveLength(32);
        expect(await leftoversIn(folder)).toEqual([]);
      },
    );
  });

  it("while it rotates the custodian leaves the old keyring or the new one, and every key in it", async () => {
    const original = await makeSmallest();
    const names = await original.entries();
    const before = await original.unlock(nothing);
    const identities = await Promise.all(names.map((name) => identityOf(before, name)));
    const oldWrapped = await Promise.all(names.map((name) => wrappedIn(original.folder, name)));

    // A process that unlocked the keyring before and goes on reading it, such as a custodian.
    let reader = before;

    await killAtEachCall(
      original,
      async (keyring) => {
        const { callsLeft } = recorder;
        recorder.callsLeft = Number.POSITIVE_INFINITY;
        reader = await keyring.unlock(nothing);
        const unlocked = await keyring.unlock(nothing);
        recorder.callsLeft = callsLeft;
        return unlocked.rotate({ what: "custodian", custodian: { kind: "small" } });
      },
      async (folder) => {
        for (const [index, name] of names.entries()) {
          const read = await identityOf(reader, name).catch((error: unknown) => error);
          if (read instanceof UserError) expect(read.exitCode).toBe(exitCode.tryAgain);
          else expect(read).toEqual(identities[index]);
        }
        const keyring = await reopen({ folder });
        const unlocked = await keyring.unlock(nothing);
        expect(await Promise.all(names.map((name) => identityOf(unlocked, name)))).toEqual(identities);
        const isOld = keyring.custodianRecipient === original.custodianRecipient;
        expect(await findTexts(folder, oldWrapped)).toEqual(names.map(() => isOld));
        expect(await leftoversIn(folder)).toEqual([]);
      },
      ROTATION_STRIDE,
    );
  });

  it("while it rotates the provider leaves a key that signs, and the way to it from the first", async () => {
    const original = await makeSmallest();

    await killAtEachCall(
      original,
      async (keyring) => (await keyring.unlock(nothing)).rotate({ what: "provider" }),
      async (folder) => {
        const keyring = await reopen({ folder });
        const unlocked = await keyring.unlock(nothing);
        expect(followProvider(original.providerKey, unlocked.providerHistory())).toBe(keyring.providerKey);
        expect(await identityOf(unlocked, raw("2026-11-01"))).toHaveLength(32);
      },
      ROTATION_STRIDE,
    );
  });
});

describe("a process that is killed with SIGKILL", () => {
  it("while it makes many keys is followed by one that makes the rest", async () => {
    const keyring = await makeEmptyKeyring();
    const wished = [series("2025-01-01", "2025-12-31")];
    const child = spawn(
      process.execPath,
      ["--input-type=module", "-e", childProgram(keyring.folder, wished)],
      {
        stdio: ["ignore", "ignore", "inherit"],
      },
    );
    const ended = once(child, "exit");
    const days = join(keyring.folder, "days");
    while (child.exitCode === null && (await readdir(days).catch(() => [])).length < 2) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    child.kill("SIGKILL");
    await ended;

    const found = await (await reopen(keyring)).entries();
    await keyring.ensure(wished, LATER);

    const after = await keyring.entries();
    expect(found.length).toBeGreaterThan(0);
    expect(after).toHaveLength(365);
    expect(after).toEqual(expect.arrayContaining([...found]));
    expect(await leftoversIn(keyring.folder)).toEqual([]);
  });
});

/** Which of the keys are said to be destroyed. */
async function goneOf(
  keyring: Keyring,
  names: readonly { readonly day: string }[],
): Promise<readonly boolean[]> {
  const entries = (await keyring.entries()).filter(({ view }) => view === "raw");
  return names.map(({ day }) => entries.find((entry) => entry.day === day)?.destroyedAt !== undefined);
}

/** Of each text whether it stands in some file. */
async function findTexts(folder: string, texts: readonly string[]): Promise<readonly boolean[]> {
  const files = [...(await filesBelow(folder)).values()];
  return texts.map((text) => files.some((bytes) => bytes.includes(text)));
}

function childProgram(folder: string, wished: unknown): string {
  const module = fileURLToPath(new URL("../../dist/src/keyring/io/open-keyring.js", import.meta.url));
  return `
    const { openKeyring } = await import(${JSON.stringify(module)});
    const keyring = await openKeyring(${JSON.stringify(folder)});
    await keyring.ensure(${JSON.stringify(wished)}, "${AT}");
  `;
}
