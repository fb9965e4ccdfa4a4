import { reasonCode } from "../../src/reason.ts";
import { escapeRule } from "../../src/text.ts";
import { clfLayout, createClfReader, readClfLine } from "./clf-line.ts";
import type { LineFormat } from "./line-format.ts";
import { refuseLine } from "./set-field.ts";

export const presetNames = ["vhost_combined", "combined", "vhost_common", "common"] as const;

export type PresetName = (typeof presetNames)[number];

/**
 * The layouts that servers write unless told otherwise, the one that says most first. No line is of two of
 * them. What follows behind a blank is counted and not kept; escapes are undone as Apache writes them, which
 * undoes nginx's as well.
 */
export const presets: Readonly<Record<PresetName, LineFormat>> = {
  vhost_combined: createPreset("vhost_combined", clfLayout.vhostCombined),
  combined: createPreset("combined", clfLayout.combined),
  vhost_common: createPreset("vhost_common", clfLayout.vhostCommon),
  common: createPreset("common", clfLayout.common),
};

export function isPresetName(text: string): text is PresetName {
  return Object.hasOwn(presets, text);
}

function createPreset(name: PresetName, layout: number): LineFormat {
  return {
    name,
    escape: escapeRule.apache,
    namesDomain: layout >= clfLayout.vhostCommon,
    open() {
      const reader = createClfReader();
      return {
        parse(bytes, start, end, line) {
          const reason = readClfLine(reader, bytes, start, end, line);
          if (reason !== reasonCode.parsed || reader.layout === layout) return reason;
          return refuseLine(line, line.timeMs, reasonCode.shape);
        },
      };
    },
  };
}
