import type { S3Settings } from "../../config/config.ts";
import type { View } from "../view.ts";

/**
 * The settings with which a root is opened. A customer's key (SSE-C) is for raw and quarantine only, where full
 * addresses lie: whoever reads another root would need the key that opens these too, and other engines, which
 * have none, could not read analytics where they lie. Keys of the server's or of its key service are for all.
 */
export function s3SettingsOf(root: View | "ledger" | "published", settings: S3Settings): S3Settings {
  const holdsAddresses = root === "raw" || root === "quarantine";
  if (holdsAddresses || settings.encryption?.kind !== "customer-key") return settings;
  return { ...settings, encryption: undefined };
}
