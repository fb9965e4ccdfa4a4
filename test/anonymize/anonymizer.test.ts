import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AnonymizerSettings, createAnonymizer } from "../../anonymize/anonymizer.ts";
import { createAnalyticsOrder } from "../../anonymize/order-analytics.ts";
import { rules } from "../../anonymize/rules.ts";
import { formatAddress, readClient } from "../../src/address.ts";
import type { Column } from "../../src/columns/column.ts";
import { rawSchema } from "../../src/schema/raw-schema.ts";
import type { AnalyticsColumns, RawColumns } from "../../src/schema/table-columns.ts";
import { canary, everythingIn, type RawRow, rawColumnsOf, rowsOf } from "./support/raw-columns-of.ts";

const firefox = "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:134.0) Gecko/20100101 Firefox/134.0";
const hour = Date.UTC(2026, 10, 22, 13);

const request: RawRow = {
  time: hour + 1_234_567,
  domain: "example.nl",
  client: "192.0.2.77",
  remote_user: "jan",
  method: "GET",
  path: "/users/jan@example.nl",
  query: "session=1",
  protocol: "HTTP/2",
  status: 200,
  bytes_sent: 5120,
  referrer: "https://search.example/?q=jan",
  user_agent: firefox,
  request_host: "www.example.nl",
  duration_ms: 12.5,
  node: "web1",
  source: "00112233445566778899aabbccddeeff",
  source_offset: 987_654_321,
};

function anonymized(
  rows: readonly RawRow[],
  settings: Partial<AnonymizerSettings> = {},
): ReturnType<typeof rowsOf> {
  const raw = rawColumnsOf(rows);
  const columns = createAnonymizer({ visitorsMax: 1000, ...settings }).anonymize(raw, rows.length);
  return rowsOf(columns, rows.keys());
}

describe("createAnonymizer", () => {
  it("shows of a request what the policy has", () => {
    const settings = { lookupCountry: () => "NL", lookupAsNumber: () => 64_496 };
    expect(anonymized([request], settings)).toEqual([
      {
        time: hour,
        domain: "example.nl",
        client_net: "192.0.2.0/24",
        country: "NL",
        as_number: 64_496,
        method: "GET",
        path: "/users/:mail",
        protocol: "HTTP/2.0",
        status: 200,
        bytes_sent: 5120,
        referrer_host: "search.example",
        browser: "Firefox",
        browser_major: 134,
        os: "Ubuntu",
        device: "desktop",
        is_bot: false,
        visit_start: true,
        visitor_first_of_day: true,
      },
    ]);
  });

  it("leaves empty what raw does not have", () => {
    expect(anonymized([{ time: hour, request_raw: "\\x16\\x03\\x01", status: 400 }])).toEqual([
      {
        time: hour,
        domain: "example.nl",
        client_net: "unknown",
        status: 400,
        is_bot: false,
        visit_start: false,
        visitor_first_of_day: false,
      },
    ]);
  });

  it("says unknown of a domain that is no host name and of a client that is no address", () => {
    const [row] = anonymized([{ ...request, domain: "../../etc", client: "dial-in.example.net" }]);
    expect(row).toMatchObject({ domain: "unknown", client_net: "unknown", visit_start: true });
  });

  it("does not pass on what a table says in place of a country or a number", () => {
    const settings = { lookupCountry: () => "Netherlands", lookupAsNumber: () => -1.5 };
    const [row] = anonymized([request], settings);
    expect(row).not.toHaveProperty("country");
    expect(row).not.toHaveProperty("as_number");
  });

  it("looks up an address once for all its requests", () => {
    const asked: string[] = [];
    const lookupCountry = (key: Uint8Array): undefined => void asked.push(formatAddress(key));
    anonymized([request, request, { ...request, client: "2001:db8::1" }, request], { lookupCountry });
    expect(asked).toEqual(["192.0.2.77", "2001:db8::1"]);
  });

  it("reads the first rows only, and none of the values that other rows have", () => {
    const raw = rawColumnsOf([request, { ...request, path: "/second", client: "198.51.100.7" }]);
    const columns = createAnonymizer({ visitorsMax: 10 }).anonymize(raw, 1);
    expect(columns.time.values).toHaveLength(1);
    expect(columns.path.codes).toHaveLength(1);
    expect(everythingIn(columns)).not.toMatch(/second|198\.51/);
  });

  it("shares no memory with raw, which the next batch may overwrite", () => {
    const raw = rawColumnsOf([request]);
    const columns = createAnonymizer({ visitorsMax: 10 }).anonymize(raw, 1);
    const rawBuffers = new Set(buffersOf(raw));
    expect(buffersOf(columns).filter((buffer) => rawBuffers.has(buffer))).toEqual([]);
  });

  it("remembers visitors from batch to batch", () => {
    const anonymizer = createAnonymizer({ visitorsMax: 1000 });
    const starts = [0, 1000, 40 * 60_000].map((afterMs) => {
      const raw = rawColumnsOf([{ ...request, time: hour + afterMs }]);
      const { visit_start, visitor_first_of_day } = anonymizer.anonymize(raw, 1);
      return [visit_start.values[0], visitor_first_of_day.values[0]];
    });
    expect(starts).toEqual([
      [1, 1],
      [0, 0],
      [1, 0],
    ]);
  });

  it("tells visitors apart by site, client and agent, also behind one network", () => {
    const others = [
      request,
      { ...request, client: "192.0.2.78" },
      { ...request, domain: "example.org" },
      { ...request, user_agent: `${firefox} x` },
      { ...request, client: "dial-in.example.net" },
      request,
    ];
    expect(anonymized(others).map((row) => row["visit_start"])).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
    ]);
  });

  it("lets nothing through from a column that is dropped", () => {
    const dropped = Object.entries(rules).flatMap(([name, rule]) => ("drop" in rule ? [name] : []));
    const textNames = dropped.filter((name) => rawSchema.columns[name as keyof typeof rules].type === "text");
    const canaries = Object.fromEntries(textNames.map((name) => [name, canary()]));
    const numbers = { received_at: 1_777_777_777_777, duration_ms: 888.888, source_offset: 999_999_999_999 };
    const columns = createAnonymizer({ visitorsMax: 10 }).anonymize(
      rawColumnsOf([{ ...request, ...canaries, ...numbers }]),
      1,
    );
    const everything = everythingIn(columns);
    for (const value of Object.values(canaries)) expect(everything).not.toContain(value);
    for (const value of Object.values(numbers)) expect(everything).not.toContain(String(value));
  });

  it("lets nothing of a secret through that stands in the columns it reads, where none belongs", () => {
    const secret = canary();
    const row: RawRow = {
      ...request,
      method: secret,
      protocol: secret,
      path: `/a;${secret}/b%3f${secret}`,
      referrer: `https://${secret}:${secret}@example.org:99/${secret}?${secret}#${secret}`,
      user_agent: `${secret}/${secret} (${secret})`,
      client: `${secret}.example.net`,
    };
    const columns = createAnonymizer({ visitorsMax: 10 }).anonymize(rawColumnsOf([row]), 1);
    expect(everythingIn(columns)).not.toContain(secret);
  });

  it("shows the full address nowhere, in no notation, though the request repeats it everywhere", () => {
    const anyKey = fc.oneof(
      fc
        .uint8Array({ minLength: 16, maxLength: 16 })
        .map((key) => Uint8Array.of(0x20, 0x01, 0x0d, 0xb8, ...key.subarray(4))),
      fc
        .array(fc.integer({ min: 1, max: 255 }), { minLength: 4, maxLength: 4 })
        .map((octets) => Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, ...octets)),
    );
    fc.assert(
      fc.property(anyKey, (key) => {
        const notations = notationsOf(key);
        for (const notation of notations) {
          const row: RawRow = {
            ...request,
            client: formatAddress(key),
            path: `/whois/${notation}/x-${notation}.html`,
            referrer: `https://host-${notation}.dyn.example.net/${notation}`,
            user_agent: `agent/${notation}`,
            query: notation,
            request_host: notation,
          };
          const columns = createAnonymizer({ visitorsMax: 10 }).anonymize(rawColumnsOf([row]), 1);
          const everything = everythingIn(columns).toLowerCase();
          for (const full of notations)
            expect(everything, `from ${notation}`).not.toContain(full.toLowerCase());
        }
      }),
      { numRuns: 20 },
    );
  });

  it("gives the same rows for requests that differ only in what is hidden", () => {
    const hidden = fc.record({
      minute: fc.nat(3_599_999),
      host: fc.integer({ min: 0, max: 255 }),
      user: fc.stringMatching(/^[a-z]{1,10}$/),
      query: fc.string(),
      seconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
      offset: fc.nat(),
    });
    const rowOf = ({
      minute,
      host,
      user,
      query,
      seconds,
      offset,
    }: typeof hidden extends fc.Arbitrary<infer T> ? T : never): RawRow => ({
      ...request,
      time: hour + minute,
      client: `192.0.2.${host}`,
      remote_user: user,
      path: `/~${user}/${user}@example.nl;s=${user}`,
      query,
      referrer: `https://${user}@search.example/${user}?${user}`,
      user_agent: firefox.replace("Firefox/134.0", `Firefox/134.${minute}`),
      duration_ms: seconds,
      source_offset: offset,
    });
    fc.assert(
      fc.property(hidden, hidden, (one, other) => {
        expect(anonymized([rowOf(one)])).toEqual(anonymized([rowOf(other)]));
      }),
    );
  });

  it("changes nothing in what it has made when that is taken for raw", () => {
    const piece = fc.constantFrom(
      "/",
      "a",
      "%40",
      "jan@example.nl",
      "203.0.113.7",
      "12345678",
      "%2f",
      ";x",
      "%3f",
      "é",
      "~",
      "Zq9xK2",
    );
    const text = fc.array(piece, { maxLength: 8 }).map((pieces) => pieces.join(""));
    fc.assert(
      fc.property(text, fc.webUrl(), fc.domain(), fc.nat(2 ** 41), (path, referrer, domain, time) => {
        const names = ["time", "domain", "method", "path", "protocol", "status", "bytes_sent"] as const;
        const [once = {}] = anonymized([{ ...request, path, referrer, domain, time }]);
        const again: RawRow = Object.fromEntries(names.map((name) => [name, once[name]]));
        const host = once["referrer_host"];
        const [twice = {}] = anonymized([
          { ...again, ...(host === undefined ? {} : { referrer: `https://${String(host)}/` }) },
        ]);
        for (const name of [...names, "referrer_host"]) expect(twice[name], name).toEqual(once[name]);
      }),
    );
  });

  it("makes dictionaries and an order that say nothing about the order of raw", () => {
    const rows = ["/c", "/a", "/b"].map(
      (path, i): RawRow => ({ ...request, path, client: `192.0.${3 - i}.1`, domain: `${path.slice(1)}.nl` }),
    );
    expect(outcome(rows)).toEqual(outcome(rows.toReversed()));
  });
});

/** Dictionaries, and rows in the order in which they are written. */
function outcome(rows: readonly RawRow[]): unknown {
  const columns = createAnonymizer({ visitorsMax: 10 }).anonymize(rawColumnsOf(rows), rows.length);
  const order = createAnalyticsOrder(columns)(Uint32Array.from(rows.keys()));
  return [columns.path.values, columns.client_net.values, columns.domain.values, rowsOf(columns, order)];
}

function buffersOf(table: RawColumns | AnalyticsColumns): readonly unknown[] {
  return Object.values<Column>(table).flatMap((column) =>
    column.kind === "bytes" ? [column.codes.buffer, column.values.bytes.buffer] : [column.values.buffer],
  );
}

/** The spellings of an address that may turn up in addresses and host names. */
function notationsOf(key: Uint8Array): readonly string[] {
  const text = formatAddress(key);
  const hex = Buffer.from(key).toString("hex");
  if (text.includes(".")) {
    const decimal = String(Buffer.from(key).readUInt32BE(12));
    // Short numbers are no address to anybody: they stay in paths as numbers of products do.
    const numbers = decimal.length >= 7 ? [decimal] : [];
    return [text, text.replaceAll(".", "-"), text.replaceAll(".", "%2E"), `::ffff:${text}`, ...numbers];
  }
  const groups = hex.match(/.{4}/g) ?? [];
  return [text, groups.join(":"), groups.join("-"), text.replaceAll(":", "%3A"), hex].filter(
    (one) => readClient(one) !== undefined || one.length > 8,
  );
}
