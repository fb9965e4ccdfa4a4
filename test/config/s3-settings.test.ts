import { describe, expect, it } from "vitest";
import type { S3Settings } from "../../config/config.ts";
import { formatProblem } from "../../config/config-problem.ts";
import { parseConfig } from "../../config/parse-config.ts";

/** The settings that the lines below `s3:` mean. */
function settingsOf(...lines: readonly string[]): S3Settings {
  const parsed = parse(lines);
  if (parsed.kind === "config") return parsed.config.s3;
  throw new Error(parsed.problems.map((problem) => formatProblem("f", problem)).join("\n"));
}

/** All problems; the first of the lines is line 3. */
function problemsOf(...lines: readonly string[]): readonly string[] {
  const parsed = parse(lines);
  return parsed.kind === "config" ? [] : parsed.problems.map((problem) => formatProblem("f", problem));
}

function parse(lines: readonly string[]) {
  const indented = lines.map((line) => `  ${line}\n`).join("");
  return parseConfig(`store: s3://logs\ns3:\n${indented}`, { node: "web-1" });
}

describe("the files of TLS", () => {
  it("are paths", () => {
    expect(
      settingsOf(
        "ca_file: /etc/hostlog/authority.pem",
        "client_certificate_file: /etc/hostlog/client.pem",
        "client_key_file: /etc/hostlog/client.key",
      ),
    ).toMatchObject({
      authorityFile: "/etc/hostlog/authority.pem",
      clientCertificate: {
        certificateFile: "/etc/hostlog/client.pem",
        keyFile: "/etc/hostlog/client.key",
      },
    });
  });

  it("are none unless they are named", () => {
    const settings = settingsOf("region: eu-central-1");
    expect(settings.authorityFile).toBeUndefined();
    expect(settings.clientCertificate).toBeUndefined();
  });

  it.each([
    ["client_certificate_file", "client_key_file"],
    ["client_key_file", "client_certificate_file"],
  ])("are refused when there is %s alone, at that key", (given, missing) => {
    expect(problemsOf(`${given}: /etc/hostlog/client`)).toEqual([
      `f:3:3: ${missing} is missing: give both or none`,
    ]);
  });

  it.each(["ca_file", "client_certificate_file", "client_key_file"])("must be absolute: %s", (name) => {
    expect(problemsOf(`${name}: client.pem`).join()).toContain("write an absolute path");
  });

  it("are never the secret itself, and it is not repeated", () => {
    const problems = problemsOf(
      'client_key_file: "-----BEGIN PRIVATE KEY----- hunter2"',
      "client_certificate_file: /x",
    ).join();
    expect(problems).toContain("f:3:20: write an absolute path, such as /etc/hostlog/s3-client.key");
    expect(problems).not.toContain("hunter2");
  });
});

describe("encryption", () => {
  it.each([
    ["server-key", [], { kind: "server-key" }],
    ["kms-key", [], { kind: "kms-key", key: undefined }],
    ["kms-key", ["kms_key: testkey-1"], { kind: "kms-key", key: "testkey-1" }],
    [
      "kms-key",
      ["kms_key: arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"],
      {
        kind: "kms-key",
        key: "arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab",
      },
    ],
    [
      "customer-key",
      ["key_file: /etc/hostlog/s3.key"],
      { kind: "customer-key", keyFile: "/etc/hostlog/s3.key" },
    ],
  ])("is by %s with %j", (mode, lines, encryption) => {
    expect(
      settingsOf("encryption:", `  mode: ${mode}`, ...lines.map((line) => `  ${line}`)).encryption,
    ).toEqual(encryption);
  });

  it("is left to the server by default", () => {
    expect(settingsOf("force_path_style: true").encryption).toBeUndefined();
  });

  it.each([
    ["{mode: aes}", "f:3:22: write mode: server-key, kms-key or customer-key"],
    ["{kms_key: testkey-1}", "f:3:15: write mode: server-key, kms-key or customer-key"],
    [
      "{mode: customer-key}",
      "f:3:22: customer-key needs key_file: the path of a file with 32 bytes as base64",
    ],
    [
      "{mode: server-key, kms_key: testkey-1}",
      "f:3:34: kms_key goes with mode: kms-key; leave it out, or change the mode",
    ],
    [
      "{mode: kms-key, key_file: /etc/hostlog/s3.key}",
      "f:3:31: key_file goes with mode: customer-key; leave it out, or change the mode",
    ],
    [
      "{mode: customer-key, key_file: s3.key}",
      "f:3:46: write an absolute path, such as /etc/hostlog/s3-customer.key",
    ],
    [
      "{mode: kms-key, kms_key: 'a b'}",
      "f:3:40: a key is named by its id, ARN or alias, never by its bytes: write alias/logs",
    ],
    ["{mode: kms-key, kmskey: testkey-1}", 'f:3:31: there is no setting "kmskey"; did you mean kms_key?'],
    ["{mode: kms-key, secret_key: x}", "f:3:31: secrets do not belong in this file"],
    ["", "f:3:15: encryption holds keys with values: write them below it, indented, or leave it out"],
  ])("refuses %j", (text, problem) => {
    expect(problemsOf(`encryption: ${text}`)).toEqual([expect.stringContaining(problem)]);
  });
});
