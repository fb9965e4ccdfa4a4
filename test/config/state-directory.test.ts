import { describe, expect, it } from "vitest";
import type { Config } from "../../config/config.ts";
import { parseConfig } from "../../config/parse-config.ts";
import { stateDirectoryOf } from "../../config/state-directory.ts";

function configOf(text: string): Config {
  const parsed = parseConfig(text, { node: "n" });
  if (parsed.kind === "config") return parsed.config;
  throw new Error(JSON.stringify(parsed.problems));
}

const root = { environment: {}, homeDirectory: "/users/anna", isSuperuser: true };
const anna = { ...root, isSuperuser: false };

describe("stateDirectoryOf", () => {
  it("is the config's state where it is given", () => {
    expect(stateDirectoryOf(configOf("store: s3://logs\nstate: /srv/state"), root)).toBe("/srv/state");
  });

  it("lies beside the roots of a folder store", () => {
    expect(stateDirectoryOf(configOf("store: file:///srv/my%20logs"), anna)).toBe("/srv/my logs/state");
  });

  it("is a folder of its own for each store elsewhere", () => {
    const one = stateDirectoryOf(configOf("store: s3://one"), root);
    expect(one).toMatch(/^\/var\/lib\/hostlog\/[0-9a-f]{16}$/);
    expect(stateDirectoryOf(configOf("store: s3://one"), root)).toBe(one);
    expect(stateDirectoryOf(configOf("store: s3://two"), root)).not.toBe(one);
  });

  it("is below the user's state folder for a user", () => {
    const config = configOf("store: s3://one");
    expect(stateDirectoryOf(config, anna)).toMatch(/^\/users\/anna\/\.local\/state\/hostlog\/[0-9a-f]{16}$/);
    const moved = { ...anna, environment: { XDG_STATE_HOME: "/state" } };
    expect(stateDirectoryOf(config, moved)).toMatch(/^\/state\/hostlog\//);
    const relative = { ...anna, environment: { XDG_STATE_HOME: "state" } };
    expect(stateDirectoryOf(config, relative)).toMatch(/^\/users\/anna\//);
  });

  it("does not guess a folder when the roots lie in several", () => {
    const stores =
      "stores: {raw: /a/raw, analytics: /b/analytics, quarantine: /a/quarantine, ledger: /a/ledger, published: /a/published}";
    expect(stateDirectoryOf(configOf(stores), root)).toMatch(/^\/var\/lib\/hostlog\//);
  });
});
