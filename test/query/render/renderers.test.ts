import fc from "fast-check";
import { parseString } from "fast-csv";
import { describe, expect, it } from "vitest";
import { renderCsv } from "../../../query/render/csv.ts";
import { renderNdjson } from "../../../query/render/ndjson.ts";
import { renderTable } from "../../../query/render/table.ts";
import type { ResultColumn } from "../../../query/result-column.ts";
import type { Row } from "../../../query/row.ts";
import { terminalText } from "../../../src/terminal-text.ts";

const columns: readonly ResultColumn[] = [
  { name: "time", kind: "time" },
  { name: "path", kind: "text" },
  { name: "status", kind: "number" },
  { name: "user_agent", kind: "text" },
];

const time = Date.parse("2026-11-22T14:00:05.120Z");

async function* blocksOf(...blocks: readonly (readonly Row[])[]): AsyncGenerator<readonly Row[]> {
  yield* blocks;
}

async function textOf(chunks: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const chunk of chunks) text += chunk;
  return text;
}

const table = (rows: readonly Row[], width = 200, zone = "UTC"): Promise<string> =>
  textOf(renderTable(blocksOf(rows), { columns, width, zone }));
const ndjson = (rows: readonly Row[]): Promise<string> => textOf(renderNdjson(blocksOf(rows), columns));
const csv = (rows: readonly Row[]): Promise<string> => textOf(renderCsv(blocksOf(rows), columns));

async function parseCsv(text: string): Promise<string[][]> {
  const rows: string[][] = [];
  await new Promise((resolve, reject) => {
    parseString<string[], string[]>(text)
      .on("data", (row: string[]) => rows.push(row))
      .on("error", reject)
      .on("end", resolve);
  });
  return rows;
}

describe("renderTable", () => {
  it("aligns columns, numbers to the right, and names the zone", async () => {
    expect(
      await table(
        [
          [time, "/", 200, "curl"],
          [time + 880, "/wp-login.php", 5, null],
        ],
        200,
        "Europe/Amsterdam",
      ),
    ).toBe(
      [
        "time (Europe/Amsterdam)        path           status  user_agent",
        "2026-11-22 15:00:05.120+01:00  /                 200  curl",
        "2026-11-22 15:00:06+01:00      /wp-login.php       5  -",
        "",
      ].join("\n"),
    );
  });

  it("fits the terminal by shortening the widest texts, never a time or a number", async () => {
    const text = await table(
      [
        [time, "/short", 200, "x".repeat(300)],
        [time, "/".repeat(100), 404, "y"],
      ],
      80,
    );
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
    expect(text).toContain("/short");
    expect(text).toContain("…");
    expect(text).toContain("2026-11-22 14:00:05.120");
  });

  it("counts what is two columns wide as two", async () => {
    const lines = (
      await table([
        [time, "日本語日本語日本語", 200, "a"],
        [time, "/", 200, "b"],
      ])
    ).split("\n");
    expect(lines[1]?.indexOf("200")).toBe((lines[2]?.indexOf("200") ?? 0) - 9);
  });

  it("lays out after the first thousand rows and goes on in the same columns", async () => {
    const rows: Row[] = Array.from({ length: 1000 }, () => [time, "/a", 200, "x"]);
    const text = await textOf(
      renderTable(blocksOf(rows, [[time, "/much-longer", 404, "y"]]), { columns, width: 200, zone: "UTC" }),
    );
    expect(text.split("\n").at(-2)).toBe("2026-11-22 14:00:05.120  /mu…     404  y");
  });

  it("writes nothing for no rows", async () => {
    expect(await table([])).toBe("");
  });
});

describe("renderNdjson", () => {
  it("writes every column by its name, instants in ISO 8601, null where nothing is", async () => {
    expect(await ndjson([[time, "/", 200, null]])).toBe(
      '{"time":"2026-11-22T14:00:05.120Z","path":"/","status":200,"user_agent":null}\n',
    );
  });

  it("loses nothing, on one line, whatever the text", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary" }), async (agent) => {
        const text = await ndjson([[time, "/", 200, agent]]);
        expect(text.split("\n")).toHaveLength(2);
        expect(JSON.parse(text)).toMatchObject({ user_agent: agent });
        expect(text).not.toMatch(/[\p{Cf}\u007f-\u009f\u2028\u2029]/u);
      }),
    );
  });
});

describe("renderCsv", () => {
  it("writes the heading also when there are no rows", async () => {
    expect(await csv([])).toBe("time,path,status,user_agent\n");
  });

  it("quotes what needs it", async () => {
    expect(await csv([[time, '/a,"b"', 200, null]])).toBe(
      'time,path,status,user_agent\n2026-11-22T14:00:05.120Z,"/a,""b""",200,\n',
    );
  });

  it.each([
    "=cmd|'/c calc'!A0",
    "+1",
    "-1+1",
    "@SUM(A1)",
    "\t=1",
    "\r=1",
    "  =1",
    "\u00a0=1",
    "\u3000＝1",
    "＋1",
    "－1",
    "＠x",
    "\u200b=1",
    "\u0000=1",
    "'=1",
    "−1",
  ])("puts an apostrophe in front of %j, which a spreadsheet would compute", async (agent) => {
    const [, row] = await parseCsv(await csv([[time, "/", 200, agent]]));
    expect(row?.[3]).toMatch(/^'/);
  });

  it("leaves numbers and harmless text alone", async () => {
    expect(await csv([[time, "/a=b", -1, "Mozilla/5.0 (+http://example.org)"]])).toContain(
      ",/a=b,-1,Mozilla/5.0 (+http://example.org)\n",
    );
  });

  it("shows a NUL, which the CSV writer would drop", async () => {
    expect(await csv([[time, "/a\u0000b", 200, ""]])).toContain("/a\\u{0}b");
  });

  it("gives every row back with as many cells, whatever the text", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", minLength: 1 }), async (agent) => {
        const rows = await parseCsv(await csv([[time, "/", 200, agent]]));
        expect(rows).toHaveLength(2);
        expect(rows[1]).toHaveLength(4);
        const shown = terminalText(agent);
        expect([shown, `'${shown}`]).toContain(rows[1]?.[3]);
      }),
    );
  });
});

describe("a hostile agent", () => {
  const agent = '=1+1\u001b]0;owned\u0007\r\n192.0.2.9 - - "GET /forged"\u009b2J\u202e\u2028';

  it("is no formula in CSV", async () => {
    const [, row] = await parseCsv(await csv([[time, "/", 200, agent]]));
    expect(row?.[3]).toMatch(/^'=1\+1/);
  });

  it.each([
    ["table", table],
    ["NDJSON", ndjson],
    ["CSV", csv],
  ])("writes no line and no control of its own as %s", async (_name, render) => {
    const text = await render([[time, "/", 200, agent]]);
    expect(text.split("\n").filter((line) => line !== "")).toHaveLength(render === ndjson ? 1 : 2);
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u202e]/);
  });
});
