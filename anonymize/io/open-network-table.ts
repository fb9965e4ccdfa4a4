import { readFile } from "node:fs/promises";
import { Reader, type Response } from "mmdb-lib";
import { formatAddress } from "../../src/address.ts";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";

/** A table of networks: what a MaxMind DB file says of an address key. Undefined where it says nothing. */
export interface NetworkTable {
  /** ISO 3166-1 alpha-2, as the file has it. */
  readonly country: (key: Uint8Array) => string | undefined;
  readonly asNumber: (key: Uint8Array) => number | undefined;
}

/**
 * Reads a MaxMind DB file (MMDB, format 2.0) into memory. Understands the records of GeoLite2 and DB-IP
 * (`country.iso_code`, `autonomous_system_number`) and the flat ones of ip-location-db and IPinfo
 * (`country_code`, `country`, `asn` as `AS64496`).
 *
 * Throws {@link UserError} when the file cannot be read or is no MMDB.
 */
export async function openNetworkTable(path: string): Promise<NetworkTable> {
  const reader = parse(await read(path), path);
  const recordOf = (key: Uint8Array): Readonly<Record<string, unknown>> => {
    const address = formatAddress(key);
    const record: unknown =
      reader.metadata.ipVersion === 4 && address.includes(":") ? undefined : reader.get(address);
    return isRecord(record) ? record : {};
  };
  return {
    country(key) {
      const { country, country_code } = recordOf(key);
      const code = isRecord(country) ? country["iso_code"] : (country_code ?? country);
      return typeof code === "string" ? code : undefined;
    },
    asNumber(key) {
      const { autonomous_system_number, asn } = recordOf(key);
      if (typeof autonomous_system_number === "number") return autonomous_system_number;
      const digits = typeof asn === "string" ? /^AS(\d{1,10})$/.exec(asn)?.[1] : undefined;
      return digits === undefined ? undefined : Number(digits);
    },
  };
}

async function read(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (cause) {
    throw new UserError(
      `cannot read the network table ${path}: check the path and its permissions, or remove the setting`,
      exitCode.config,
      { cause },
    );
  }
}

function parse(file: Buffer, path: string): Reader<Response> {
  try {
    return new Reader<Response>(file);
  } catch (cause) {
    throw new UserError(
      `${path} is no MaxMind DB file: give the .mmdb file itself, unpacked and whole, or remove the setting`,
      exitCode.config,
      { cause },
    );
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
