import { describe, expect, it } from "vitest";
import { compileClientTexts } from "../../query/compile-client-texts.ts";
import { compileCount } from "../../query/compile-count.ts";
import { compileQuery } from "../../query/compile-query.ts";
import type { Question } from "../../query/question.ts";
import { parseNetwork } from "../../src/address.ts";
import { ask, createTestStore, putRaw, questionOf } from "./support/query-world.ts";

const nowMs = Date.parse("2026-11-22T12:00:00Z");
const timeMs = nowMs - 3_600_000;

const full: Question = {
  ...questionOf({ columns: "time,client_ip_key,target", limit: 5 }, nowMs),
  domains: [
    { kind: "site", name: "x'; drop" },
    { kind: "below", name: "example.org" },
  ],
  networks: [parseNetwork("192.0.2.0/24") ?? { first: new Uint8Array(16), last: new Uint8Array(16) }],
  paths: [{ path: ["/50%_!\\x5C'", ""], query: ["a=b"] }],
  statuses: [{ first: 400, last: 499 }],
  methods: ["GET"],
  agent: "cu'rl",
};

/** The SQL without the list of the schema's columns. */
function shortSql(sql: string): string {
  return sql.replace(/SELECT NULL::.* WHERE false/, "SELECT … WHERE false");
}

function sorted(rows: Awaited<ReturnType<typeof ask>>["rows"]): readonly string[] {
  return rows.flat().map(String).toSorted();
}

describe("compileQuery", () => {
  it("puts what people typed, and the files, into parameters only", () => {
    const { sql, parameters } = compileQuery(full, {
      files: ["/data/it's [1]*.parquet"],
      clientTexts: ["a'b"],
    });
    expect(shortSql(sql)).toMatchInlineSnapshot(`
      "SELECT epoch_ms(line.time) AS time, lower(hex(line.client_ip_key)) AS client_ip_key, coalesce(line.path || coalesce('?' || line.query, ''), line.request_raw) AS target
      FROM (
        SELECT … WHERE false
        UNION ALL BY NAME
        SELECT * FROM read_parquet($1, union_by_name = true, hive_partitioning = false)
      ) AS line
      WHERE line.time >= $2::TIMESTAMPTZ
        AND line.time < $3::TIMESTAMPTZ
        AND (line.domain IN ($4) OR ends_with(line.domain, $5))
        AND (line.client_ip_key BETWEEN $6::BLOB AND $7::BLOB OR line.client_text IN (SELECT unnest($8::VARCHAR[])))
        AND (line.path LIKE $9 ESCAPE '!' AND line.query = $10)
        AND line.status BETWEEN $11::SMALLINT AND $12::SMALLINT
        AND upper(line.method) = $13
        AND contains(lower(line.user_agent), lower($14))
      ORDER BY line.time, line.node, line.source, line.source_offset
      LIMIT $15::BIGINT"
    `);
    expect(parameters).toMatchInlineSnapshot(`
      [
        [
          "/data/it's [[]1][*].parquet",
        ],
        "2026-11-21T12:00:00.000Z",
        "2026-11-22T12:00:00.000Z",
        "x'; drop",
        ".example.org",
        Uint8Array [
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          255,
          255,
          192,
          0,
          2,
          0,
        ],
        Uint8Array [
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          0,
          255,
          255,
          192,
          0,
          2,
          255,
        ],
        [
          "a'b",
        ],
        "/50!%!_!!\\x5C'%",
        "a=b",
        400,
        499,
        "GET",
        "cu'rl",
        5,
      ]
    `);
  });

  it("asks for every row when there is no filter and no limit", () => {
    const { sql } = compileQuery(questionOf({}, nowMs), {
      files: ["/a.parquet", "/b.parquet"],
      clientTexts: [],
    });
    expect(shortSql(sql)).toMatchInlineSnapshot(`
      "SELECT line.path AS path
      FROM (
        SELECT … WHERE false
        UNION ALL BY NAME
        SELECT * FROM read_parquet($1, union_by_name = true, hive_partitioning = false)
      ) AS line
      WHERE line.time >= $2::TIMESTAMPTZ
        AND line.time < $3::TIMESTAMPTZ
      ORDER BY line.time, line.node, line.source, line.source_offset"
    `);
  });

  it("orders analytics by what it has", () => {
    const { sql } = compileQuery(questionOf({ view: "analytics" }, nowMs), {
      files: ["/a.parquet"],
      clientTexts: [],
    });
    expect(sql.split("\n").at(-1)).toMatchInlineSnapshot(
      `"ORDER BY line.time, line.domain, line.path, line.client_net, line.country, line.as_number, line.method, line.protocol, line.status, line.bytes_sent, line.referrer_host, line.browser, line.browser_major, line.os, line.device, line.is_bot, line.visit_start, line.visitor_first_of_day"`,
    );
  });
});

describe("compileCount", () => {
  it("counts the rows of each minute", () => {
    const { sql } = compileCount(questionOf({ status: ["404"] }, nowMs), {
      files: ["/a.parquet"],
      clientTexts: [],
    });
    expect(shortSql(sql)).toMatchInlineSnapshot(`
      "SELECT epoch_ms(line.time) // 60000 AS minute, count(*) AS lines
      FROM (
        SELECT … WHERE false
        UNION ALL BY NAME
        SELECT * FROM read_parquet($1, union_by_name = true, hive_partitioning = false)
      ) AS line
      WHERE line.time >= $2::TIMESTAMPTZ
        AND line.time < $3::TIMESTAMPTZ
        AND line.status BETWEEN $4::SMALLINT AND $5::SMALLINT
      GROUP BY minute
      ORDER BY minute"
    `);
  });
});

describe("compileClientTexts", () => {
  it("asks without the addresses", () => {
    const { sql } = compileClientTexts(questionOf({ address: ["192.0.2.1"] }, nowMs), ["/a.parquet"]);
    expect(shortSql(sql)).toMatchInlineSnapshot(`
      "SELECT DISTINCT line.client_text
      FROM (
        SELECT … WHERE false
        UNION ALL BY NAME
        SELECT * FROM read_parquet($1, union_by_name = true, hive_partitioning = false)
      ) AS line
      WHERE line.client_text IS NOT NULL
        AND line.time >= $2::TIMESTAMPTZ
        AND line.time < $3::TIMESTAMPTZ"
    `);
  });
});

describe("a compiled question, on real files", () => {
  it("finds a domain called x'; drop and no other", async () => {
    const store = createTestStore();
    const rows = ["x'; drop", "x", "drop"].map((domain) => ({ time: timeMs, domain, path: `/${domain}` }));
    await putRaw(store, rows);
    const question: Question = { ...questionOf({}, nowMs), domains: [{ kind: "site", name: "x'; drop" }] };
    expect((await ask(store, question)).rows).toEqual([["/x'; drop"]]);
  });

  it("finds subdomains of any depth by *., and not the name itself or what only ends like it", async () => {
    const store = createTestStore();
    const domains = ["example.org", "a.example.org", "b.a.example.org", "notexample.org", "a_example.org"];
    await putRaw(
      store,
      domains.map((domain) => ({ time: timeMs, domain, path: domain })),
    );
    const { rows } = await ask(store, questionOf({ domain: ["*.Example.org"] }, nowMs));
    expect(sorted(rows)).toEqual(["a.example.org", "b.a.example.org"]);
  });

  it.each([
    ["/100%", ["/100%"]],
    ["/100%*", ["/100%", "/100%25"]],
    ["/a_b", ["/a_b"]],
    ["/a_*", ["/a_b"]],
    ["/a!*", ["/a!b"]],
    ["/it's*", ["/it's"]],
    ['*"*', ['/"q"']],
    ["/WP*", ["/WP-login.php"]],
    ["*login*", ["/WP-login.php", "/wp-login.php"]],
    ["/..\\*", ["/..\\x5C..\\x5Cetc"]],
    ["/..\\x5C*", ["/..\\x5C..\\x5Cetc"]],
    ["/\\xFF*", ["/\\xFF\\xFE"]],
    ["/\\u{9b}*", ["/\u009b2J"]],
    ["/lit\\x2A", ["/lit*"]],
    ["/lit*", ["/lit*", "/literal"]],
  ])("matches --path %s literally but for *", async (pattern, expected) => {
    const { rows } = await ask(await pathStore, questionOf({ path: [pattern] }, nowMs));
    expect(sorted(rows)).toEqual(expected.map(String).toSorted());
  });

  it.each([
    ["/q?", ["/q?"]],
    ["/q?*", ["/q?", "/q?a=1&b=2?c", "/q?a_1"]],
    ["/q?a=*", ["/q?a=1&b=2?c"]],
    ["/q?*?c", ["/q?a=1&b=2?c"]],
    ["/q?a_1", ["/q?a_1"]],
    ["/q", ["/q", "/q?", "/q?a=1&b=2?c", "/q?a_1"]],
  ])("compares what stands behind the first ? of %s with the query", async (pattern, expected) => {
    const { rows } = await ask(await queryStore, questionOf({ path: [pattern], columns: "target" }, nowMs));
    expect(sorted(rows)).toEqual(expected.map(String).toSorted());
  });

  it.each([
    [["192.0.2.1"], ["192.0.2.1", "mapped", "list", "ports"]],
    [["192.0.2.0/28"], ["192.0.2.1", "192.0.2.15", "mapped", "list", "ports"]],
    [["192.0.2.16"], ["192.0.2.16"]],
    [["2001:db8::/32"], ["2001:db8::1", "v6 list"]],
    [["2001:DB8:0::1"], ["2001:db8::1", "v6 list"]],
    [
      ["::/0"],
      [
        "192.0.2.1",
        "192.0.2.15",
        "192.0.2.16",
        "2001:db8::1",
        "list",
        "longer",
        "mapped",
        "ports",
        "v6 list",
      ],
    ],
    [["2.0.2.1"], []],
    [
      ["192.0.2.16", "2001:db8::1"],
      ["192.0.2.16", "2001:db8::1", "v6 list"],
    ],
  ])("finds the rows of --address %s, in lists too", async (address, expected) => {
    const { rows } = await ask(await addressStore, questionOf({ address }, nowMs));
    expect(sorted(rows)).toEqual(expected.map(String).toSorted());
  });

  it.each([
    [{ status: ["404"] }, ["GET 404"]],
    [{ status: ["4xx,500-599"] }, ["GET 404", "POST 503", "get 499"]],
    [{ method: ["get"] }, ["GET 200", "GET 404", "get 499"]],
    [{ agent: "SQLMAP/1" }, ["GET 404"]],
    [{ agent: "straße" }, ["POST 503"]],
    [{ agent: "%" }, []],
    [{ status: ["404"], method: ["POST"] }, []],
  ])("filters by %j", async (asked, expected) => {
    const { rows } = await ask(await requestStore, questionOf(asked, nowMs));
    expect(sorted(rows)).toEqual(expected.map(String).toSorted());
  });

  it("shows a request that is none in place of its target, and the client as it was logged", async () => {
    const store = createTestStore();
    await putRaw(store, [
      { time: timeMs, source_offset: 1, request_raw: "\\x16\\x03\\x01", client_text: "unix:", status: 400 },
      { time: timeMs, source_offset: 2, path: "/a", query: "", client_ip: "2001:db8::1" },
    ]);
    const { rows } = await ask(store, questionOf({ columns: "client,target,status,client_ip_key" }, nowMs));
    expect(rows).toEqual([
      ["unix:", "\\x16\\x03\\x01", 400, null],
      ["2001:db8::1", "/a?", null, "20010db8000000000000000000000001"],
    ]);
  });
});

const paths = [
  "/100%",
  "/100%25",
  "/a_b",
  "/axb",
  "/a!b",
  "/it's",
  '/"q"',
  "/WP-login.php",
  "/wp-login.php",
  "/..\\x5C..\\x5Cetc",
  "/\\xFF\\xFE",
  "/\u009b2J",
  "/lit*",
  "/literal",
];
const pathStore = filled(paths.map((path) => ({ path })));

const queryStore = filled([
  { path: "/q" },
  { path: "/q", query: "" },
  { path: "/q", query: "a=1&b=2?c" },
  { path: "/q", query: "a_1" },
  { path: "/qa", query: "a_1" },
]);

const addressStore = filled([
  ...["192.0.2.1", "192.0.2.15", "192.0.2.16", "2001:db8::1"].map((ip) => ({ client_ip: ip, path: ip })),
  { client_ip: "::ffff:192.0.2.1", path: "mapped" },
  { client_text: "192.0.2.1, 198.51.100.7", path: "list" },
  { client_text: "unknown, [2001:DB8:0:0::1]:443", path: "v6 list" },
  { client_text: "192.0.2.1:443,198.51.100.7:80", path: "ports" },
  { client_text: "192.0.2.100, 1192.0.2.1", path: "longer" },
  { client_text: "host.example", path: "name" },
]);

const requestStore = filled([
  { path: "GET 200", method: "GET", status: 200, user_agent: "curl/8" },
  { path: "GET 404", method: "GET", status: 404, user_agent: "Mozilla sqlmap/1.8" },
  { path: "get 499", method: "get", status: 499 },
  { path: "POST 503", method: "POST", status: 503, user_agent: "STRASSE Straße" },
]);

async function filled(
  rows: readonly Readonly<Record<string, string | number>>[],
): Promise<ReturnType<typeof createTestStore>> {
  const store = createTestStore();
  await putRaw(
    store,
    rows.map((row) => ({ time: timeMs, ...row })),
  );
  return store;
}
