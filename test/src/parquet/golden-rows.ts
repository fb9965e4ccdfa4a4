import { analyticsSchema } from "../../../src/schema/analytics-schema.ts";
import { quarantineSchema } from "../../../src/schema/quarantine-schema.ts";
import { rawSchema } from "../../../src/schema/raw-schema.ts";
import type { TableSchema } from "../../../src/schema/table-schema.ts";
import type { Row } from "./columns-of-rows.ts";

const RECEIVED_AT = Date.parse("2026-11-22T10:15:00.000Z");
const NODE = "web-07.hosting.example";
const SOURCE = "5e884898da28047151d0e56f8dc62927";

/** Rows from which the golden object of a schema is made: enough of them for dictionaries and compressed pages. */
export const goldenRows: readonly { readonly schema: TableSchema; readonly rows: readonly Row[] }[] = [
  { schema: rawSchema, rows: Array.from({ length: 40 }, (_, index) => rawRow(index)) },
  { schema: analyticsSchema, rows: Array.from({ length: 40 }, (_, index) => analyticsRow(index)) },
  { schema: quarantineSchema, rows: Array.from({ length: 40 }, (_, index) => quarantineRow(index)) },
];

function rawRow(index: number): Row {
  const isV4 = index % 3 !== 0;
  const host = (index % 5) + 1;
  const key = isV4 ? `${"00".repeat(10)}ffffc00002${hex(host)}` : `20010db8${"00".repeat(11)}${hex(host)}`;
  const isGarbage = index % 10 === 9;
  const hasAddress = index % 20 !== 19;
  return {
    time: RECEIVED_AT - 60_000 + index * 731,
    received_at: RECEIVED_AT,
    domain: index < 20 ? "shop.example" : "xn--bcher-kva.example",
    client_ip: hasAddress ? (isV4 ? `192.0.2.${host}` : `2001:db8::${host}`) : null,
    client_ip_key: hasAddress ? key : null,
    client_text: hasAddress ? null : "proxy.internal.example, 198.51.100.7",
    remote_user: index % 8 === 0 ? "anna" : null,
    method: isGarbage ? null : index % 4 === 0 ? "POST" : "GET",
    path: isGarbage ? null : `/bücher/${index % 6}`,
    query: isGarbage || index % 2 === 0 ? null : index % 3 === 0 ? "" : `page=${index}`,
    protocol: isGarbage ? null : "HTTP/1.1",
    request_raw: isGarbage ? "\\x16\\x03\\x01" : null,
    status: isGarbage ? 400 : index % 7 === 0 ? 404 : 200,
    bytes_sent: index % 6 === 0 ? null : index * 100_003,
    referrer: index % 2 === 0 ? "https://search.example/" : null,
    user_agent: `Mozilla/5.0 (X11; Linux x86_64; rv:${100 + (index % 3)}.0) Gecko/20100101`,
    request_host: index % 9 === 0 ? "www.shop.example" : null,
    duration_ms: index % 5 === 0 ? null : index / 8,
    node: NODE,
    source: SOURCE,
    source_offset: index * 280,
  };
}

function analyticsRow(index: number): Row {
  const isKnown = index % 4 !== 0;
  return {
    time: Date.parse("2026-11-22T10:00:00.000Z"),
    domain: "shop.example",
    client_net: index % 3 === 0 ? "2001:db8::/48" : "192.0.2.0/24",
    country: isKnown ? "DE" : null,
    as_number: isKnown ? 64_496 + (index % 2) * 4_200_000_000 : null,
    method: index % 4 === 0 ? "OTHER" : "GET",
    path: `/bücher/${index}/what-the-printers-of-mainz-left-behind`,
    protocol: "HTTP/2.0",
    status: index % 7 === 0 ? 404 : 200,
    bytes_sent: index % 6 === 0 ? null : index * 100_003,
    referrer_host: index % 2 === 0 ? "search.example" : null,
    browser: isKnown ? "Firefox" : "Other",
    browser_major: isKnown ? 100 + (index % 3) : null,
    os: isKnown ? "Linux" : "Other",
    device: "desktop",
    is_bot: !isKnown,
    visit_start: index % 10 === 0,
    visitor_first_of_day: index === 0,
  };
}

function quarantineRow(index: number): Row {
  const isLong = index % 10 === 9;
  return {
    received_at: RECEIVED_AT,
    estimated_day: index < 20 ? "2026-11-21" : "2026-11-22",
    reason: isLong ? "too-long" : "shape",
    line: isLong ? `GET /${"a".repeat(200)}` : `garbage ${index} \\xFF`,
    line_bytes: isLong ? 70_000 + index : 14,
    line_sha256: isLong ? "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08" : null,
    node: NODE,
    source: SOURCE,
    source_offset: index * 15,
  };
}

function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0");
}
