import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createSpool } from "../../../ingest/io/spool.ts";
import { exitCode } from "../../../src/exit-code.ts";
import { batchOf, sourceOf } from "../../support/recorded-batch.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

const source = sourceOf(0, 100, { stored: 9, quarantined: [[0, 10, "shape", 1]] });

describe("createSpool", () => {
  it("gives back what was added, oldest first", async () => {
    const directory = join(await temporaryFolder(), "spool");
    const spool = createSpool(directory);
    expect(await spool.records()).toEqual([]);
    const second = await batchOf([sourceOf(100, 200)], { at: "2026-11-22T12:00:02.000Z" });
    const first = await batchOf([source], { at: "2026-11-22T12:00:01.000Z" });
    const third = await batchOf([sourceOf(200, 300)], { at: "2026-11-22T12:00:03.000Z" });
    for (const batch of [second, third, first]) await spool.add(batch);
    // Another process reads it.
    const other = createSpool(directory);
    expect(await other.records()).toEqual([first.record, second.record, third.record]);
    expect(Buffer.from(await other.readManifest(first.record.batch)).equals(first.manifest)).toBe(true);
    for (const [index, bytes] of first.objects.entries()) {
      expect(Buffer.from(await other.readObject(first.record.batch, index)).equals(bytes)).toBe(true);
    }
  });

  it("keeps the lines from other users of the machine", async () => {
    const directory = join(await temporaryFolder(), "spool");
    const batch = await batchOf([source]);
    await createSpool(directory).add(batch);
    const folder = join(directory, batch.record.batch);
    const modes = await Promise.all(
      [directory, folder, ...(await readdir(folder)).map((name) => join(folder, name))].map(
        async (path) => (await stat(path)).mode & 0o077,
      ),
    );
    expect(modes).toHaveLength(2 + batch.objects.length + 2);
    expect(modes.every((mode) => mode === 0)).toBe(true);
  });

  it("drops an entry that has no record, however much else is there", async () => {
    const directory = await temporaryFolder();
    const spool = createSpool(directory);
    const batch = await batchOf([source]);
    await spool.add(batch);
    const folder = join(directory, batch.record.batch);
    await rm(join(folder, "record.json"));
    await writeFile(join(folder, "record.json.0123456789ab.tmp~"), JSON.stringify(batch.record));
    await mkdir(join(directory, "empty"));
    await writeFile(join(directory, "a file"), "x");
    expect(await spool.records()).toEqual([]);
    expect(await readdir(directory)).toEqual([]);
  });

  it("takes an entry anew over what an earlier attempt left of it", async () => {
    const directory = await temporaryFolder();
    const batch = await batchOf([source]);
    const folder = join(directory, batch.record.batch);
    await mkdir(folder);
    await writeFile(join(folder, "object-0"), "half");
    await writeFile(join(folder, "object-9"), "of another attempt");
    const spool = createSpool(directory);
    await spool.add(batch);
    expect(await spool.records()).toEqual([batch.record]);
    expect(await readdir(folder)).not.toContain("object-9");
  });

  it("forgets an entry that is removed, also a second time", async () => {
    const directory = await temporaryFolder();
    const spool = createSpool(directory);
    const batch = await batchOf([source]);
    await spool.add(batch);
    await spool.remove(batch.record.batch);
    await spool.remove(batch.record.batch);
    expect(await spool.records()).toEqual([]);
    expect(await readdir(directory)).toEqual([]);
  });

  it.each([
    ["a record that is cut off", "record.json", (bytes: string) => bytes.slice(0, 100)],
    ["an empty record, as a loss of power leaves it", "record.json", () => ""],
    ["zeros in the record's place", "record.json", (bytes: string) => "\0".repeat(bytes.length)],
    ["null for a record", "record.json", () => "null"],
    [
      "the record of another batch",
      "record.json",
      (bytes: string) => bytes.replaceAll(/"batch":"[0-9a-f]+"/g, '"batch":"f00"'),
    ],
    ["a manifest that was changed", "manifest.json.gz", () => "changed"],
    ["a manifest that is not there", "manifest.json.gz", undefined],
    ["an object that was changed", "object-1", (bytes: string) => bytes.replace("c", "d")],
    ["an object that is cut off", "object-2", (bytes: string) => bytes.slice(1)],
    ["an object that is not there", "object-0", undefined],
  ])(
    "names the folder of an entry with %s, and what to do, and leaves it as it is",
    async (_name, file, change) => {
      const directory = await temporaryFolder();
      const spool = createSpool(directory);
      const batch = await batchOf([source]);
      await spool.add(batch);
      const folder = join(directory, batch.record.batch);
      const names = await readdir(folder);
      if (change === undefined) await rm(join(folder, file));
      else {
        const bytes =
          file === "record.json"
            ? JSON.stringify(batch.record)
            : Buffer.from(batch.objects[Number(file.at(-1))] ?? "");
        await writeFile(join(folder, file), change(bytes.toString()));
      }
      const left = await readdir(folder);
      expect(left).toEqual(names.filter((name) => name !== file || change !== undefined));
      await expect(spool.records()).rejects.toMatchObject({
        exitCode: exitCode.integrity,
        message: expect.stringMatching(new RegExp(`${folder}.*Move the folder away`)),
      });
      expect(await readdir(folder)).toEqual(left);
    },
  );
});
