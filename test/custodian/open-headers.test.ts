import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { type Admit, admitWithinLimits } from "../../src/custodian/admission.ts";
import type { HeaderAnswer } from "../../src/custodian/custodian.ts";
import { createLocalCustodian } from "../../src/custodian/io/local-custodian.ts";
import { openHeaders } from "../../src/custodian/open-headers.ts";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import type { IdentityAnswer, UnlockedKeyring } from "../../src/keyring/keyring.ts";
import { HEADER_BYTES_MAX, sealHeader } from "../../src/seal/age-header.ts";
import { decodeRecipient } from "../../src/seal/age-text.ts";
import type { DayKeyName } from "../../src/seal/day-key-name.ts";
import {
  createCustodianWorld,
  FIRST_DAY,
  LAST_DAY,
  objectKeyOf,
  quarantineOf,
  rawOf,
  requestOf,
} from "./support/custodian-world.ts";

const pause = (): Promise<void> => Promise.resolve();

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function shownOf(answer: HeaderAnswer): string {
  if (answer.kind === "opened") return hexOf(answer.fileKey);
  return answer.kind === "destroyed" ? `destroyed ${answer.at}` : answer.kind;
}

/** The keyring's answers, and what became of the identities in them. */
function watching(unlocked: UnlockedKeyring): {
  readonly identityOf: (name: DayKeyName) => Promise<IdentityAnswer>;
  readonly asked: string[];
  readonly identities: Uint8Array[];
} {
  const asked: string[] = [];
  const identities: Uint8Array[] = [];
  return {
    asked,
    identities,
    async identityOf(name) {
      const answer = await unlocked.identityOf(name);
      asked.push(`${name.view} ${name.day} ${name.retentionClass}`);
      if (answer.kind === "identity") identities.push(answer.identity);
      return answer;
    },
  };
}

describe("opening headers", () => {
  it("gives each object's own key, in the order of the headers", async () => {
    const { unlocked, headerOf } = await createCustodianWorld();
    const headers = [
      await headerOf(rawOf(FIRST_DAY)),
      await headerOf(quarantineOf(FIRST_DAY)),
      await headerOf(rawOf(FIRST_DAY, "short")),
      await headerOf(rawOf(LAST_DAY)),
      await headerOf(rawOf(FIRST_DAY)),
    ];
    const { identityOf, asked } = watching(unlocked);
    const answers = await openHeaders(requestOf(...headers), { admit: admitWithinLimits, identityOf, pause });
    expect(answers.map(shownOf)).toEqual(headers.map(({ fileKey }) => hexOf(fileKey)));
    expect(asked).toEqual([
      `raw ${FIRST_DAY} standard`,
      `quarantine ${FIRST_DAY} standard`,
      `raw ${FIRST_DAY} short`,
      `raw ${LAST_DAY} standard`,
    ]);
  });

  it.each([
    ["another day", rawOf(LAST_DAY)],
    ["another view", quarantineOf(FIRST_DAY)],
    ["another class", rawOf(FIRST_DAY, "short")],
  ])("does not open what is sealed for %s than its name says", async (_, sealedFor) => {
    const { unlocked, headerOf } = await createCustodianWorld();
    const answers = await createLocalCustodian(unlocked).openHeaders(
      requestOf(await headerOf(rawOf(FIRST_DAY), sealedFor), await headerOf(rawOf(FIRST_DAY))),
    );
    expect(answers.map(({ kind }) => kind)).toEqual(["not-openable", "opened"]);
  });

  it("says of each that cannot be opened why, and opens the others", async () => {
    const { keyring, unlocked, headerOf } = await createCustodianWorld();
    const destroyed = await headerOf(rawOf(FIRST_DAY));
    const good = await headerOf(rawOf(LAST_DAY));
    const at = "2026-11-23T00:00:00.000Z";
    await keyring.destroy([rawOf(FIRST_DAY)], at);
    const damaged = Uint8Array.from(good.header, (byte, index) => (index === 60 ? byte ^ 1 : byte));
    const answers = await createLocalCustodian(unlocked).openHeaders(
      requestOf(
        destroyed,
        { ...good, key: objectKeyOf(rawOf("2020-01-01")) },
        { ...good, header: damaged },
        { ...good, header: new Uint8Array() },
        { ...good, header: good.header.subarray(0, -1) },
        { ...good, header: new Uint8Array(HEADER_BYTES_MAX + 1).fill(0x61) },
        good,
      ),
    );
    expect(answers.map(shownOf)).toEqual([
      `destroyed ${at}`,
      "no-key",
      "not-openable",
      "not-openable",
      "not-openable",
      "not-openable",
      hexOf(good.fileKey),
    ]);
  });

  it("asks for no key before the request is admitted, and passes on why it is not", async () => {
    const { unlocked, headerOf } = await createCustodianWorld();
    const { identityOf, asked } = watching(unlocked);
    const refusal = new UserError("two persons must approve", exitCode.usage);
    const admit: Admit = async () => {
      throw refusal;
    };
    const opening = openHeaders(requestOf(await headerOf(rawOf(FIRST_DAY))), { admit, identityOf, pause });
    await expect(opening).rejects.toBe(refusal);
    expect(asked).toEqual([]);
  });

  it("leaves no identity in memory, also when it fails half-way", async () => {
    const { unlocked, headerOf } = await createCustodianWorld();
    const request = requestOf(await headerOf(rawOf(FIRST_DAY)), await headerOf(rawOf(LAST_DAY)));
    const whole = watching(unlocked);
    await openHeaders(request, { admit: admitWithinLimits, identityOf: whole.identityOf, pause });
    const half = watching(unlocked);
    const identityOf = async (name: DayKeyName): Promise<IdentityAnswer> => {
      if (name.day === LAST_DAY) throw new Error("the disk is gone");
      return half.identityOf(name);
    };
    const failing = openHeaders(request, { admit: admitWithinLimits, identityOf, pause });
    await expect(failing).rejects.toThrow("the disk is gone");
    expect([whole.identities.length, half.identities.length]).toEqual([2, 1]);
    for (const identity of [...whole.identities, ...half.identities]) {
      expect(identity).toEqual(new Uint8Array(32));
    }
  });

  it("lets others have their turn while it opens many", async () => {
    const { keyring, unlocked } = await createCustodianWorld();
    const entry = (await keyring.entries()).find(({ view, day }) => view === "raw" && day === FIRST_DAY);
    const recipient = decodeRecipient(entry?.recipient ?? "") ?? new Uint8Array();
    const header = sealHeader(randomBytes(16), [recipient]);
    const { view, day, retentionClass } = entry ?? rawOf(FIRST_DAY);
    const key = objectKeyOf({ day, retentionClass });
    let turns = 0;
    await openHeaders(requestOf(...Array.from({ length: 100 }, () => ({ view, key, header }))), {
      admit: admitWithinLimits,
      identityOf: (name) => unlocked.identityOf(name),
      pause: async () => {
        turns += 1;
      },
    });
    expect(turns).toBeGreaterThan(4);
  });
});

describe("a custodian in this process", () => {
  it("opens a look-up of any size, in admitted parts", async () => {
    const { unlocked, headerOf } = await createCustodianWorld();
    const one = { ...(await headerOf(rawOf(FIRST_DAY))), key: objectKeyOf(rawOf("2020-01-01")) };
    const sizes: number[] = [];
    const custodian = createLocalCustodian(unlocked, async (request) => {
      await admitWithinLimits(request);
      sizes.push(request.headers.length);
    });
    const answers = await custodian.openHeaders(requestOf(...Array.from({ length: 1001 }, () => one)));
    expect([sizes, answers.length]).toEqual([[1000, 1], 1001]);
    expect(new Set(answers.map(({ kind }) => kind))).toEqual(new Set(["no-key"]));
  });

  it("says where it is, and closes the keyring with itself", async () => {
    const { keyring, unlocked, headerOf } = await createCustodianWorld();
    const custodian = createLocalCustodian(unlocked);
    expect(custodian.name).toBe(`the keyring in ${keyring.folder}`);
    await custodian.close();
    await expect(custodian.openHeaders(requestOf(await headerOf(rawOf(FIRST_DAY))))).rejects.toThrow();
  });

  it("admits no more than another would", async () => {
    const { unlocked, headerOf } = await createCustodianWorld();
    const header = await headerOf(rawOf(FIRST_DAY));
    const asking = createLocalCustodian(unlocked).openHeaders({ ...requestOf(header), lookup: "me" });
    await expect(asking).rejects.toMatchObject({ exitCode: exitCode.usage });
  });
});
