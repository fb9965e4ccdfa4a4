import { describe, expect, it } from "vitest";
import type { Config } from "../../config/config.ts";
import { formatProblem } from "../../config/config-problem.ts";
import { parseConfig } from "../../config/parse-config.ts";
import { keysDirectoryOf } from "../../config/state-directory.ts";

const providerKey = "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

function configOf(text: string): Config {
  const parsed = parseConfig(`store: s3://logs\n${text}`, { node: "n" });
  if (parsed.kind === "config") return parsed.config;
  throw new Error(parsed.problems.map((problem) => formatProblem("f", problem)).join("\n"));
}

function problemsOf(text: string): readonly string[] {
  const parsed = parseConfig(`store: s3://logs\n${text}`, { node: "n" });
  return parsed.kind === "config" ? [] : parsed.problems.map((problem) => formatProblem("f", problem));
}

describe("the settings of sealing", () => {
  it("are a mode, where the keys lie, whose signature counts, and who opens", () => {
    const text = [
      "seal: none",
      `keys: { folder: /srv/keys, provider: "${providerKey}" }`,
      "custodian: { url: https://keys.example.net:7480, ca_file: /c, client_certificate_file: /a, client_key_file: /b }",
    ];
    expect(configOf(text.join("\n"))).toMatchObject({
      seal: "none",
      keys: { folder: "/srv/keys", providerKey },
      custodian: {
        url: "https://keys.example.net:7480",
        authorityFile: "/c",
        clientCertificate: { certificateFile: "/a", keyFile: "/b" },
      },
    });
  });

  it.each([
    ["seal: maybe", "f:2:7: write age or none"],
    ["seal: true", "f:2:7: write age or none"],
    ["keys: { provider: age1xyz }", "f:2:19: the provider's public key is ed25519: and 44 characters"],
    ["keys: { folder: keys }", "f:2:17: "],
    ["keys: { identity: /x }", 'f:2:9: there is no setting "identity"'],
    ["custodian: { ca_file: /c }", "f:2:12: url is missing here"],
    ["custodian: { url: http://keys.example.net }", "f:2:19: write unix: and an absolute path"],
    ["custodian: { url: unix:custodian.sock }", "f:2:19: write unix: and an absolute path"],
    ["custodian: { url: https://anna@keys.example.net }", "f:2:19: write unix: and an absolute path"],
    [
      "custodian: { url: https://keys.example.net, client_key_file: /b }",
      "f:2:45: client_certificate_file is missing: give both or none",
    ],
  ])("refuse %s", (text, problem) => {
    expect(problemsOf(text)).toEqual([expect.stringContaining(problem)]);
  });
});

describe("keysDirectoryOf", () => {
  const root = { environment: {}, homeDirectory: "/users/anna", isSuperuser: true };
  const anna = { ...root, isSuperuser: false };

  it("is $HOSTLOG_KEYS before all else", () => {
    const surroundings = { ...anna, environment: { HOSTLOG_KEYS: "/mnt/keys" } };
    expect(keysDirectoryOf(configOf("keys: { folder: /srv/keys }"), surroundings)).toBe("/mnt/keys");
  });

  it("is the config's folder, else keys in its state", () => {
    expect(keysDirectoryOf(configOf("keys: { folder: /srv/keys }\nstate: /srv/state"), anna)).toBe(
      "/srv/keys",
    );
    expect(keysDirectoryOf(configOf("state: /srv/state"), anna)).toBe("/srv/state/keys");
  });

  it("is apart from the store by itself, which copies of a folder store must not hold", () => {
    const config = configOf("");
    expect(keysDirectoryOf(config, root)).toBe("/var/lib/hostlog/keys");
    expect(keysDirectoryOf(config, anna)).toBe("/users/anna/.local/state/hostlog/keys");
    const folder = parseConfig("store: file:///srv/logs", { node: "n" });
    if (folder.kind !== "config") throw new Error("no config");
    expect(keysDirectoryOf(folder.config, anna)).toBe("/users/anna/.local/state/hostlog/keys");
  });
});
