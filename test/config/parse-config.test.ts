import { readFile } from "node:fs/promises";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Config } from "../../config/config.ts";
import { formatProblem } from "../../config/config-problem.ts";
import { configSchema } from "../../config/config-schema.ts";
import { type ConfigDefaults, parseConfig } from "../../config/parse-config.ts";

function configOf(text: string, defaults: ConfigDefaults = { node: "web-1" }): Config {
  const parsed = parseConfig(text, defaults);
  if (parsed.kind === "config") return parsed.config;
  throw new Error(parsed.problems.map((problem) => formatProblem("config", problem)).join("\n"));
}

/** All problems, as a person sees them. */
function problemsOf(text: string): readonly string[] {
  const parsed = parseConfig(text, { node: "web-1" });
  return parsed.kind === "config" ? [] : parsed.problems.map((problem) => formatProblem("f", problem));
}

const roots = (store: string): Config["roots"] => ({
  raw: `${store}/raw`,
  analytics: `${store}/analytics`,
  quarantine: `${store}/quarantine`,
  ledger: `${store}/ledger`,
  published: `${store}/published`,
});

function classLines(count: number): string {
  return Array.from({ length: count }, (_, i) => `  c${i}: 1y\n`).join("");
}

describe("parseConfig", () => {
  it("fills in every default around a store", () => {
    expect(configOf("store: file:///srv/hostlog\n")).toEqual({
      node: "web-1",
      roots: roots("file:///srv/hostlog"),
      stateDirectory: undefined,
      s3: {
        endpoint: undefined,
        region: undefined,
        forcePathStyle: false,
        authorityFile: undefined,
        clientCertificate: undefined,
        encryption: undefined,
      },
      seal: undefined,
      keys: { folder: undefined, providerKey: undefined },
      custodian: undefined,
      ledger: { keys: [], inFlightTerm: { count: 2, unit: "d" } },
      ingest: {
        format: "auto",
        domainPattern: undefined,
        batchRows: 200_000,
        batchBytes: 64 * 1024 * 1024,
        lineBytesMax: 1024 * 1024,
      },
      classes: { standard: { raw: { count: 2, unit: "y" }, analytics: { count: 2, unit: "y" } } },
      classOfDomain: {},
      quarantineTerm: { count: 90, unit: "d" },
      retentionSchedule: "17 2 * * *",
      analytics: { countryTable: undefined, asNumberTable: undefined, visitorsMax: 1_000_000 },
    });
  });

  it("reads one term for both views of a class, or one for each", () => {
    const { classes } = configOf("store: s3://logs/x\nclasses:\n  a: 30d\n  b: {raw: 6m, analytics: 1y}\n");
    expect(classes["a"]).toEqual({ raw: { count: 30, unit: "d" }, analytics: { count: 30, unit: "d" } });
    expect(classes["b"]).toEqual({ raw: { count: 6, unit: "m" }, analytics: { count: 1, unit: "y" } });
    expect(classes["standard"]?.raw).toEqual({ count: 2, unit: "y" });
  });

  it("lets the standard class be shorter", () => {
    expect(configOf("store: s3://logs\nclasses: {standard: 180d}").classes["standard"]?.raw).toEqual({
      count: 180,
      unit: "d",
    });
  });

  it("prefers a given store to the text's", () => {
    const given = { node: "n", store: "file:///drill" };
    expect(configOf("store: s3://production", given).roots).toEqual(roots("file:///drill"));
    expect(configOf("", given).roots).toEqual(roots("file:///drill"));
  });

  it("knows no class for a domain that is named like a part of JavaScript", () => {
    const { classOfDomain, classes } = configOf("store: s3://logs\ndomains: {shop.example.org: standard}");
    expect(classOfDomain["constructor"]).toBeUndefined();
    expect(classes["constructor"]).toBeUndefined();
    expect(configOf("store: s3://logs\ndomains: {constructor: standard}").classOfDomain["constructor"]).toBe(
      "standard",
    );
  });

  it("names every problem at once, where it stands and what to do", () => {
    const text = [
      "clases: {}",
      "classes:",
      "  shop: {raw: 180d, analytics: 3y}",
      "  Bad: 2y",
      "  half: {raw: 2y}",
      "domains:",
      "  Shop.example.org: shp",
      "ingest: {batch_rows: many}",
    ].join("\n");
    expect(problemsOf(text)).toEqual([
      'f:1:1: there is no setting "clases"; did you mean classes?',
      "f:1:1: no store is named: write store: file:///srv/hostlog, or give --store",
      "f:3:32: longer than 2y: two calendar years are promised to visitors; only a hold keeps lines longer",
      "f:4:3: a class's name holds a-z, 0-9 and -, begins with a letter, at most 31",
      "f:5:9: analytics is missing here: write a term such as 90d, 26w, 18m (months) or 2y",
      "f:7:3: this is not how lines name a domain: write shop.example.org",
      "f:7:21: classes has no such class; did you mean shop?",
      "f:8:22: write a whole number from 1 to 10000000",
    ]);
  });

  it.each(["access_key", "secret_access_key", "aws_session_token", "password"])(
    "points from %s to the environment, and never repeats the value",
    (key) => {
      const [problem] = problemsOf(`store: s3://logs\ns3:\n  ${key}: hunter2\n`);
      expect(problem).toMatch(/^f:3:3: secrets do not belong in this file: set AWS_ACCESS_KEY_ID/);
      expect(problem).not.toContain("hunter2");
    },
  );

  it.each([
    ["store: s3://key:hunter2@logs", "keys do not belong in a URL"],
    ["store: s3://logs\ns3: {endpoint: 'https://key:hunter2@s3.example.net'}", "keys do not belong in a URL"],
    ["store: s3://logs\ns3: {region: 'hunter2 !'}", "a region holds"],
  ])("repeats no part of %j", (text, message) => {
    expect(problemsOf(text).join()).toContain(message);
    expect(problemsOf(text).join()).not.toContain("hunter2");
  });

  it.each([
    ["731d", "longer than 2y"],
    ["3y", "longer than 2y"],
    ["25m", "longer than 2y"],
    ["0d", "write a term"],
    ["90", "write a term"],
    ["forever", "write a term"],
  ])("refuses the term %s of a class once", (term, message) => {
    const problems = problemsOf(`store: s3://logs\nclasses: {shop: ${term}}`);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(message);
  });

  it("keeps quarantine for 90 days at most", () => {
    expect(configOf("store: s3://logs\nquarantine: {term: 30d}").quarantineTerm).toEqual({
      count: 30,
      unit: "d",
    });
    expect(problemsOf("store: s3://logs\nquarantine: {term: 91d}").join()).toContain("longer than 90d");
    expect(problemsOf("store: s3://logs\nquarantine: {term: 3m}").join()).toContain("longer than 90d");
  });

  it("allows eight classes, standard among them", () => {
    expect(problemsOf(`store: s3://logs\nclasses:\n${classLines(7)}`)).toEqual([]);
    expect(problemsOf(`store: s3://logs\nclasses:\n${classLines(8)}`).join()).toContain("9 classes");
    expect(problemsOf(`store: s3://logs\nclasses:\n  standard: 1y\n${classLines(7)}`)).toEqual([]);
  });

  it.each([
    [
      "stores: {raw: 's3://a-a', analytics: 's3://b-b', quarantine: 's3://c-c', ledger: 's3://d-d'}",
      "published is missing",
    ],
    ["store: s3://logs\nstores: {}", "store is given too"],
    ["store: logs", "a relative path would mean another folder"],
    ["store: http://s3.example.net/logs", "put the server into s3.endpoint"],
    ["store: s3://logs\ns3: {endpoint: 'http://s3.example.net'}", "without TLS"],
    ["store: s3://logs\ns3:\n", "s3 holds keys with values"],
    ["store: s3://logs\nretention: {schedule: '17 2 * * 1'}", "gone within a day"],
    ["store: s3://logs\nretention: {schedule: '0 17 2 * * *'}", "five fields"],
    ["store: s3://logs\nretention: {schedule: '61 2 * * *'}", "no cron expression"],
    ["store: s3://logs\ndomains: {'*.': standard}", "not how lines name a domain"],
    ["store: s3://logs\ndomains: {'a.*.example': standard}", "not how lines name a domain"],
    ["store: s3://logs\ningest: {domain_from_file: /var/log/all.log}", "write {domain} once"],
    ["store: s3://logs\ningest: {format: 'log_format main'}", "write auto"],
    ["store: s3://logs\ningest: {batch_size: 1MiB, line_size_max: 2MiB}", "longer than batch_size"],
    ["store: s3://logs\ningest: {batch_size: 64}", "with its unit"],
    ["store: s3://logs\nnode: web_17", "a node's name holds"],
    ["[]", "a config holds keys"],
    ["hello", "a config holds keys"],
  ])("refuses %j", (text, message) => {
    expect(problemsOf(text).join("\n")).toContain(message);
  });

  it("wants every root to lie outside of the others", () => {
    const stores =
      "stores: {raw: s3://a-a/x, analytics: s3://a-a/x/y, quarantine: s3://a-a/xz, ledger: s3://a-a/x, published: s3://b-b}";
    expect(problemsOf(stores)).toEqual([
      "f:1:38: analytics lies in raw: each root needs a folder or prefix of its own",
      "f:1:85: ledger lies in raw: each root needs a folder or prefix of its own",
    ]);
  });

  it("accepts a server without TLS on this machine", () => {
    for (const host of ["localhost", "s3.localhost", "127.0.0.1", "[::1]"]) {
      const text = `store: s3://logs\ns3: {endpoint: 'http://${host}:9000', force_path_style: true}`;
      expect(configOf(text).s3.endpoint).toBe(`http://${host}:9000`);
    }
  });
});

describe("parseConfig, of YAML with a hidden side", () => {
  it.each([
    ["store: &a s3://logs\nnode: *a", "anchors (&) and aliases (*)"],
    ["store: !!binary aGVsbG8=", "tags (!)"],
    ["store: !env STORE", "tags (!)"],
    ["store: s3://logs\nstore: s3://other", "stands here twice"],
    ["store: s3://logs\n---\nstore: s3://other", "a second document"],
    ["domains:\n  *.example.net: standard", "must stand in quotes"],
    ["store: s3://logs\ndomains: {__proto__: standard}", "nothing can have this name"],
    ["store:\n\t- x", "no YAML"],
    [`a: ${"[".repeat(20_000)}`, "nested more than 16 deep"],
    ["- ".repeat(20_000), "nested more than 16 deep"],
  ])("refuses %.40j", (text, message) => {
    expect(problemsOf(text).join("\n")).toContain(message);
  });

  it("finds the place of what is nested too deep", () => {
    expect(problemsOf(`store: s3://logs\nx:\n  ${"[".repeat(17)}`)).toEqual([
      "f:3:19: nested more than 16 deep: no setting is",
    ]);
  });

  it("never throws, whatever the text", () => {
    const piece = fc.constantFrom(
      "store",
      "stores",
      "classes",
      "domains",
      ": ",
      "\n",
      "  ",
      "- ",
      "{",
      "}",
      "[",
      "]",
      "&a",
      "*a",
      "!x",
      "'",
      '"',
      "# ",
      "| ",
      "2y",
      "\t",
      "\u0000",
      "? ",
      "s3://logs",
      "---\n",
      "null",
      "%YAML 1.1\n",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string())), (pieces) => {
        for (const { line, column } of problemPlaces(pieces.join(""))) {
          expect(line).toBeGreaterThan(0);
          expect(column).toBeGreaterThan(0);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

function problemPlaces(text: string): readonly { readonly line: number; readonly column: number }[] {
  const parsed = parseConfig(text, { node: "n" });
  return parsed.kind === "config" ? [] : parsed.problems;
}

describe("config/hostlog.example.yaml", () => {
  const file = new URL("../../config/hostlog.example.yaml", import.meta.url);

  it("is valid", async () => {
    expect(configOf(await readFile(file, "utf8")).classOfDomain).toEqual({
      "shop.example.org": "shop",
      "*.example.net": "shop",
    });
  });

  it("is valid with its comment on stores taken in", async () => {
    const text = (await readFile(file, "utf8"))
      .replace(/^store:.*$/m, "")
      .replaceAll(/^# (stores:| {2}(?:raw|analytics|quarantine|ledger|published):)/gm, "$1");
    expect(configOf(text).roots.raw).toBe("s3://logs-raw/hostlog");
  });

  it("names every setting", async () => {
    const text = await readFile(file, "utf8");
    const keys = keysOf(configSchema);
    expect(keys).toEqual(expect.arrayContaining(["store", "published", "ca_file", "kms_key"]));
    for (const key of keys) expect(text).toMatch(new RegExp(`^ *(?:# )? *${key}:`, "m"));
  });
});

/** Of a mapping and of those in it; not of those whose keys a person chooses. */
function keysOf(schema: unknown): readonly string[] {
  const inner = schema instanceof z.ZodOptional || schema instanceof z.ZodPrefault ? schema.unwrap() : schema;
  if (!(inner instanceof z.ZodObject)) return [];
  return Object.entries(inner.shape).flatMap(([name, value]) => [name, ...keysOf(value)]);
}
