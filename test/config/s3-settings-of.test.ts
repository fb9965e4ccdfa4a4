import { describe, expect, it } from "vitest";
import type { S3Encryption, S3Settings } from "../../config/config.ts";
import { s3SettingsOf } from "../../src/commands/s3-settings-of.ts";

const roots = ["raw", "analytics", "quarantine", "ledger", "published"] as const;

function rootsWith(encryption: S3Encryption): readonly string[] {
  const settings: S3Settings = {
    endpoint: "https://s3.example.org",
    region: "eu-central-1",
    forcePathStyle: true,
    encryption,
  };
  return roots.filter((root) => {
    const { encryption: asked, ...others } = s3SettingsOf(root, settings);
    expect({ ...others, encryption }).toEqual(settings);
    return asked === encryption;
  });
}

describe("the encryption that is asked for in a root", () => {
  it("is by a customer's key only where full addresses lie", () => {
    expect(rootsWith({ kind: "customer-key", keyFile: "/etc/hostlog/s3-customer.key" })).toEqual([
      "raw",
      "quarantine",
    ]);
  });

  it("is by a key of the server's or of its key service everywhere", () => {
    expect(rootsWith({ kind: "server-key" })).toEqual(roots);
    expect(rootsWith({ kind: "kms-key", key: "alias/logs" })).toEqual(roots);
  });
});
