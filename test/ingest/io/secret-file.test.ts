import { readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { ensureSecret } from "../../../ingest/io/secret-file.ts";
import { temporaryFolder } from "../../support/temporary-folder.ts";

describe("ensureSecret", () => {
  it("makes a secret that only this user can read, once", async () => {
    const path = join(await temporaryFolder(), "state", "names.secret");
    const secret = await ensureSecret(path);
    expect(secret).toHaveLength(32);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(Buffer.from(await ensureSecret(path)).equals(secret)).toBe(true);
    expect((await readFile(path)).equals(secret)).toBe(true);
  });

  it("makes another in another place", async () => {
    const folder = await temporaryFolder();
    const [one, other] = [await ensureSecret(join(folder, "one")), await ensureSecret(join(folder, "other"))];
    expect(Buffer.compare(one, other)).not.toBe(0);
  });

  it("does not work with a secret that was cut off", async () => {
    const path = join(await temporaryFolder(), "names.secret");
    await writeFile(path, "short");
    expect(await ensureSecret(path)).toHaveLength(32);
  });
});
