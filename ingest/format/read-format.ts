import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { compileApache } from "./compile-apache.ts";
import { compileNginx } from "./compile-nginx.ts";
import type { LineFormat } from "./line-format.ts";
import { isPresetName, presetNames, presets } from "./presets.ts";

/**
 * Reads the setting `format`: `auto`, a preset's name, `nginx:TEXT` or `apache:TEXT` with the server's own text,
 * or that text alone where it can be of one server only. Throws {@link UserError} (config) otherwise.
 */
export function readFormat(setting: string): LineFormat | "auto" {
  const text = setting.trim();
  if (text === "auto") return "auto";
  if (isPresetName(text)) return presets[text];
  if (text.startsWith("nginx:")) return compileNginx(text.slice("nginx:".length));
  if (text.startsWith("apache:")) return compileApache(text.slice("apache:".length));
  const isNginx = /^log_format\s/.test(text) || /\$\{?[a-z_]/.test(text);
  const isApache = /^(?:LogFormat|CustomLog)\s/i.test(text) || /%[!<>,\d]*(?:\{[^}]*\})?[a-zA-Z]/.test(text);
  if (isNginx && !isApache) return compileNginx(text);
  if (isApache && !isNginx) return compileApache(text);
  throw new UserError(
    `format: \`${text.slice(0, 60)}\` is no format; give auto, ${presetNames.join(", ")}, ` +
      "or the server's own text as nginx:TEXT (of log_format) or apache:TEXT (of LogFormat)",
    exitCode.config,
  );
}
