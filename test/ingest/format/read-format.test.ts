import { describe, expect, it } from "vitest";
import { presetNames, presets } from "../../../ingest/format/presets.ts";
import { readFormat } from "../../../ingest/format/read-format.ts";
import { UserError } from "../../../src/errors.ts";
import { exitCode } from "../../../src/exit-code.ts";
import { escapeRule } from "../../../src/text.ts";

describe("readFormat", () => {
  it("knows auto and the presets by name", () => {
    expect(readFormat("auto")).toBe("auto");
    expect(presetNames.map((name) => readFormat(name))).toEqual(presetNames.map((name) => presets[name]));
  });

  it.each([
    ["nginx:$msec $status", escapeRule.nginx],
    ["apache:%t %>s", escapeRule.apache],
    ["$remote_addr [$time_local]", escapeRule.nginx],
    ["log_format j escape=json '$msec';", escapeRule.json],
    ['%h %t "%r"', escapeRule.apache],
    ["%t $$%b$$", escapeRule.apache],
    ['LogFormat "%h %t" short', escapeRule.apache],
  ])("compiles %s", (setting, escape) => {
    expect(readFormat(setting)).toMatchObject({ escape });
  });

  it.each(["", "combind", "toString", "$remote_addr %h %t"])(
    "refuses %j and lists what is possible",
    (setting) => {
      const reading = (): unknown => readFormat(setting);
      expect(reading).toThrow(
        /auto, vhost_combined, combined, vhost_common, common.*nginx:TEXT.*apache:TEXT/,
      );
      expect(reading).toThrow(expect.objectContaining({ exitCode: exitCode.config }));
      expect(reading).toThrow(UserError);
    },
  );
});
