import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { detectFormat } from "../../../ingest/format/detect-format.ts";
import type { LineFormat } from "../../../ingest/format/line-format.ts";
import { createMixedFormat } from "../../../ingest/format/mixed-format.ts";
import { presets } from "../../../ingest/format/presets.ts";
import { readFormat } from "../../../ingest/format/read-format.ts";
import { readRecord } from "../../support/line-record.ts";

const folder = join(import.meta.dirname, "../../golden/formats");

/** `format.txt` is the setting, `access.log` what such a server writes, `expected.jsonl` a record for each line. */
describe.each(readdirSync(folder))("the golden log %s", (name) => {
  it("is read as recorded", async () => {
    const log = readFileSync(join(folder, name, "access.log"));
    const setting = readFormat(readFileSync(join(folder, name, "format.txt"), "utf8"));
    const format = setting === "auto" ? detect(log) : setting;
    const parser = format.open();
    const lines = log.toString("latin1").replace(/\n$/, "").split("\n");
    const records = lines.map((line) =>
      JSON.stringify(readRecord(format, parser, Buffer.from(line, "latin1"))),
    );
    await expect(`${records.join("\n")}\n`).toMatchFileSnapshot(join(folder, name, "expected.jsonl"));
  });
});

function detect(log: Uint8Array): LineFormat {
  const detection = detectFormat(log);
  if (detection.kind === "unknown") throw new Error("the golden log has no known layout");
  return createMixedFormat(detection.format, Object.values(presets));
}
