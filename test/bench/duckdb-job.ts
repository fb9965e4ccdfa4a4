import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { type Measurement, measure } from "./harness.ts";

/**
 * The yardstick: what somebody gets who does the whole job in one SQL script. A line of vhost_combined is matched
 * once; the raw view is sorted and written, then a truncated view for statistics. It leaves out what makes
 * hostlog hostlog: escapes, addresses in one form, quarantine, exactly once, bots, visits, personal data in paths.
 */
export async function runDuckdbJob(log: string, threads: number): Promise<Measurement> {
  const directory = await mkdtemp(join(tmpdir(), "hostlog-bench-"));
  const database = await DuckDBInstance.create(":memory:", { threads: String(threads) });
  const connection = await database.connect();
  const raw = join(directory, "raw.parquet");
  const analytics = join(directory, "analytics.parquet");
  try {
    return await measure(async () => {
      await connection.run(parseSql(log));
      await connection.run(copySql(rawSql, raw));
      await connection.run(copySql(analyticsSql, analytics));
      const counted = await connection.runAndReadAll("SELECT count(*) FROM parsed WHERE time <> ''");
      const [[count] = []] = counted.getRows();
      const sizes = await Promise.all([raw, analytics].map((path) => stat(path)));
      return { count: Number(count), outputBytes: sizes.reduce((sum, { size }) => sum + size, 0) };
    });
  } finally {
    connection.closeSync();
    database.closeSync();
    await rm(directory, { recursive: true });
  }
}

const groups = [
  ["domain", String.raw`^([^ :]+)(?::\d+)? `],
  ["client_ip", String.raw`(\S+) \S+ `],
  ["remote_user", String.raw`(\S+) `],
  ["time", String.raw`\[([^\]]+)\] `],
  ["method", String.raw`"([^ "]*) `],
  ["path", '([^ ?"]*)'],
  ["query", String.raw`(\?[^ "]*)? `],
  ["protocol", String.raw`([^"]*)" `],
  ["status", String.raw`(\d{3}) `],
  ["bytes_sent", String.raw`(\d+|-) `],
  ["referrer", '"([^"]*)" '],
  ["user_agent", '"([^"]*)"'],
] as const;

function parseSql(log: string): string {
  const pattern = groups.map(([, part]) => part).join("");
  const names = groups.map(([name]) => `'${name}'`).join(", ");
  return `CREATE TEMP TABLE parsed AS
    SELECT unnest(regexp_extract(line, '${pattern}', [${names}]))
    FROM read_csv('${log}', columns = {'line': 'VARCHAR'}, delim = '\\x01', quote = '', escape = '', header = false,
      auto_detect = false, strict_mode = false)`;
}

const timeSql = "strptime(time, '%d/%b/%Y:%H:%M:%S %z')";

const rawSql = `SELECT ${timeSql} AS time, now() AS received_at, domain, client_ip, nullif(remote_user, '-') AS remote_user,
    method, path, nullif(query[2:], '') AS query, protocol, try_cast(status AS SMALLINT) AS status,
    try_cast(bytes_sent AS BIGINT) AS bytes_sent, nullif(referrer, '-') AS referrer, user_agent,
    'web-07.hosting.example' AS node
  FROM parsed WHERE time <> '' ORDER BY domain, time`;

const analyticsSql = String.raw`SELECT date_trunc('hour', ${timeSql}) AS time, domain,
    CASE WHEN contains(client_ip, ':') THEN regexp_extract(client_ip, '^(?:[^:]*:){3}') || ':/48'
      ELSE regexp_replace(client_ip, '\.\d+$', '.0/24') END AS client_net,
    method, path, protocol, try_cast(status AS SMALLINT) AS status, try_cast(bytes_sent AS BIGINT) AS bytes_sent,
    regexp_extract(referrer, '^[a-z]+://([^/:]+)', 1) AS referrer_host, user_agent ILIKE '%bot%' AS is_bot
  FROM parsed WHERE time <> '' ORDER BY domain, time, path`;

function copySql(select: string, path: string): string {
  return `COPY (${select}) TO '${path}' (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 65536)`;
}
