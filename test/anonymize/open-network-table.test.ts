import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openNetworkTable } from "../../anonymize/io/open-network-table.ts";
import { readClient } from "../../src/address.ts";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { type MmdbValue, mmdbFile } from "../support/mmdb-file.ts";

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "hostlog-mmdb-"));
});

afterAll(() => rm(directory, { recursive: true }));

function keyOf(address: string): Uint8Array {
  const key = readClient(address)?.key;
  if (key === undefined) throw new Error(`no address: ${address}`);
  return key;
}

async function tableWith(records: Readonly<Record<string, MmdbValue>>): ReturnType<typeof openNetworkTable> {
  const path = join(directory, "table.mmdb");
  await writeFile(path, mmdbFile(records));
  return openNetworkTable(path);
}

describe("openNetworkTable", () => {
  it("finds the country and the autonomous system of an address, as GeoLite2 and DB-IP have them", async () => {
    const table = await tableWith({
      "192.0.2.0/24": { country: { iso_code: "NL", names: { en: "The Netherlands" } } },
      "198.51.100.0/25": { autonomous_system_number: 64_496, autonomous_system_organization: "Example" },
      "2001:db8::/32": { country: { iso_code: "DE" }, autonomous_system_number: 4_200_000_000 },
    });
    expect(table.country(keyOf("192.0.2.77"))).toBe("NL");
    expect(table.asNumber(keyOf("192.0.2.77"))).toBeUndefined();
    expect(table.asNumber(keyOf("198.51.100.127"))).toBe(64_496);
    expect(table.asNumber(keyOf("198.51.100.128"))).toBeUndefined();
    expect(table.country(keyOf("2001:db8::1"))).toBe("DE");
    expect(table.asNumber(keyOf("2001:db8:ffff::1"))).toBe(4_200_000_000);
    expect(table.country(keyOf("203.0.113.1"))).toBeUndefined();
  });

  it("reads the flat records of ip-location-db and IPinfo, too", async () => {
    const table = await tableWith({
      "192.0.2.0/25": { country_code: "BE" },
      "192.0.2.128/25": { country: "FR", asn: "AS64497" },
      "198.51.100.0/24": { country: { names: { en: "?" } }, asn: "none" },
    });
    expect(table.country(keyOf("192.0.2.1"))).toBe("BE");
    expect(table.country(keyOf("192.0.2.129"))).toBe("FR");
    expect(table.asNumber(keyOf("192.0.2.129"))).toBe(64_497);
    expect(table.country(keyOf("198.51.100.1"))).toBeUndefined();
    expect(table.asNumber(keyOf("198.51.100.1"))).toBeUndefined();
  });

  it("says what to do about a file that is missing", async () => {
    const path = join(directory, "none.mmdb");
    await expect(openNetworkTable(path)).rejects.toThrow(UserError);
    await expect(openNetworkTable(path)).rejects.toMatchObject({
      exitCode: exitCode.config,
      message: expect.stringContaining(path),
    });
  });

  it.each([
    ["empty", Buffer.alloc(0)],
    ["something else", Buffer.from("country,network\nNL,192.0.2.0/24\n")],
    ["cut off", mmdbFile({ "192.0.2.0/24": { country_code: "NL" } }).subarray(0, 500)],
  ])("says what to do about a file that is %s", async (_, bytes) => {
    const path = join(directory, "other.mmdb");
    await writeFile(path, bytes);
    await expect(openNetworkTable(path)).rejects.toThrow(/is no MaxMind DB file: give the \.mmdb file/);
  });
});
