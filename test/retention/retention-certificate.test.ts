import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createOpenContext } from "../../src/commands/context.ts";
import { retentionCommand } from "../../src/commands/retention.ts";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { appendRecord, readChain } from "../../src/ledger/chain.ts";
import { createRecordSigner, type RecordSigner } from "../../src/ledger/record-signer.ts";
import type { PurgeCertificateRecord } from "../../src/ledger/retention-record.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import type { ObjectStore } from "../../src/store/object-store.ts";
import { ensureStoreIdentity, readStoreIdentity } from "../../src/store-identity.ts";
import { type CommandWorld, createCommandWorld, runCommand } from "../support/command-world.ts";
import { testSigner } from "../support/ledger-writer.ts";
import { keyOf } from "../support/purge-objects.ts";

const due = keyOf("raw", "2024-11-21");

let world: CommandWorld;

beforeEach(async () => {
  world = await createCommandWorld();
  await ensureStoreIdentity(root("published"), { at: "2024-11-21T00:00:00Z", isDrill: false, seal: "none" });
  await root("raw").create(due, new Uint8Array(100));
});

afterEach(async () => {
  await world.end();
});

function root(name: string): ObjectStore {
  return createFolderStore(join(world.folder, "store", name), `file:///${name}`);
}

async function retention(
  ...words: readonly string[]
): Promise<{ readonly text: string; readonly error: UserError | undefined }> {
  const [verb = "", ...options] = words;
  const command = retentionCommand(createOpenContext(world.surroundings));
  let error: UserError | undefined;
  try {
    await runCommand(command, verb, "--store", "store", ...options);
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown;
    error = thrown;
  }
  return { text: world.takeOutput(), error };
}

async function certificate(): Promise<PurgeCertificateRecord> {
  for await (const { record } of readChain(root("ledger"), "control")) {
    if (record.body.kind === "purge-certificate") return record.body;
  }
  throw new Error("nothing was certified");
}

/** Who has the same key writes to the control chain, and without the lease. */
async function forge(
  body: PurgeCertificateRecord,
  signerOf: (storeId: string) => Promise<RecordSigner>,
): Promise<void> {
  const identity = await readStoreIdentity(root("published"));
  await appendRecord({ ledger: root("ledger"), signer: await signerOf(identity?.id ?? "") }, "control", body);
}

async function ownSigner(storeId: string): Promise<RecordSigner> {
  return createRecordSigner(storeId, await readFile(join(world.folder, "store/state/ledger-key.pem")));
}

describe("hostlog retention certificate", () => {
  it("prints a page that says what went, how, what of it holds, and what it does not show", async () => {
    await retention("run");
    const { text, error } = await retention("certificate", "2024-11-21");
    expect(error).toBeUndefined();
    expect(text).toMatch(/^CERTIFICATE OF DESTRUCTION, record 6 of the control chain\n/);
    for (const line of [
      /^What +raw of 2024-11-21 \(UTC\), class standard$/m,
      /^Objects +1 object \(100 B\), 0 rows$/m,
      /^Behind them +0 older versions, 0 delete markers, 0 unfinished uploads$/m,
      /^Kept for +2y, the term of its class$/m,
      /^Due +2026-11-22 at 00:00 UTC$/m,
      /^Planned +2026-11-22T12:00:0\S+Z \(record 4\)$/m,
      /^Begun +2026-11-22T12:00:0\S+Z \(record 5\)$/m,
      /^Certified +2026-11-22T12:00:0\S+Z, by web-1$/m,
      /^Exceptions +1 object that no record named: their rows and hashes are not known$/m,
      /^Signed by +ed25519:/m,
      /^ {2}ok {2}nothing of it is listed now, older versions and uploads included$/m,
      /^What it shows: the operator has attested/m,
      /What it does not show: that the provider's disks hold nothing of them/,
    ]) {
      expect(text).toMatch(line);
    }
    expect(text).not.toContain("BAD");
  });

  it("gives the same to programs, by the day of the destruction too", async () => {
    await retention("run");
    for (const words of [["2024-11-21"], ["--destroyed-on", "2026-11-22"], ["2024-11-21", "--view", "raw"]]) {
      const { text, error } = await retention("certificate", ...words, "--output", "json");
      expect(error).toBeUndefined();
      expect(JSON.parse(text)).toMatchObject({
        kind: "purge-certificates",
        bad: 0,
        unfinished: [],
        certificates: [
          {
            view: "raw",
            day: "2024-11-21",
            class: "standard",
            due: "2026-11-22",
            objects: 1,
            planned: { record: 4 },
            begun: { record: 5 },
            key_destroyed: null,
            exports_outstanding: [],
            holds_true: true,
          },
        ],
      });
    }
  });

  it.each([
    [["2024-11-20"]],
    [["2024-11-21", "--view", "analytics"]],
    [["--destroyed-on", "2026-11-21"]],
    [[]],
  ])("says that there is none: %j", async (words) => {
    await retention("run");
    expect((await retention("certificate", ...words)).error?.exitCode).toBe(exitCode.usage);
  });

  it("does not hold when something of it is listed again", async () => {
    await retention("run");
    await root("raw").create(due, new Uint8Array(1));
    const { text, error } = await retention("certificate", "2024-11-21");
    expect(error?.exitCode).toBe(exitCode.integrity);
    expect(text).toContain(`BAD 1 object of it is listed again, the first: ${due}`);
  });

  it("says so when nobody can look", async () => {
    await retention("run");
    await rm(join(world.folder, "store/raw"), { recursive: true });
    await writeFile(join(world.folder, "store/raw"), "a file where a root's folder should be");
    const { text, error } = await retention("certificate", "2024-11-21");
    expect(error).toBeUndefined();
    expect(text).toMatch(/^ {2}-- {2}not looked whether anything of it is listed: /m);
  });

  it("does not hold when its inventory was changed, or is gone", async () => {
    await retention("run");
    const folder = join(world.folder, "store/ledger/inventories");
    const [name = ""] = await readdir(folder);
    await writeFile(join(folder, name), "changed");
    const changed = await retention("certificate", "2024-11-21");
    expect(changed.error?.exitCode).toBe(exitCode.integrity);
    expect(changed.text).toContain("BAD the inventory: ");
    await root("ledger").remove([`inventories/${name}`]);
    expect((await retention("certificate", "2024-11-21")).error?.exitCode).toBe(exitCode.integrity);
  });

  it("is none when nobody has accepted the key that signed it", async () => {
    await retention("run");
    await forge(
      { ...(await certificate()), group: { view: "raw", day: keptDay, retentionClass: "standard" } },
      async (id) => testSigner(id),
    );
    const { text, error } = await retention("certificate", keptDay);
    expect(error?.exitCode).toBe(exitCode.integrity);
    expect(text).toContain("a key that nobody had accepted: it certifies nothing");
  });

  it("does not hold when it was written a second time, or without the lease", async () => {
    await retention("run");
    await forge(await certificate(), ownSigner);
    const { text, error } = await retention("certificate", "2024-11-21");
    expect(error?.message).toMatch(/^certificate \d+, \d+ does not hold/);
    expect(text).toContain("BAD certified more than once");
    expect(text).toContain("BAD not written by who held the lease then");
  });

  it("does not hold when the ledger is broken", async () => {
    await retention("run");
    await writeFile(join(world.folder, "store/ledger/chains/control/000000000003.json"), "{}");
    expect((await retention("certificate", "2024-11-21")).error?.exitCode).toBe(exitCode.integrity);
  });
});

const keptDay = "2024-11-22" as PurgeCertificateRecord["group"]["day"];
