import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The path of a file of test/fixtures/tls. */
export function tlsFixture(name: string): string {
  return fileURLToPath(new URL(`../fixtures/tls/${name}`, import.meta.url));
}

/** The certificate and key of a server, as startS3Server takes them. */
export function tlsServer(name: "server" | "elsewhere" | "expired"): {
  readonly certificate: Buffer;
  readonly key: Buffer;
} {
  return {
    certificate: readFileSync(tlsFixture(`${name}.pem`)),
    key: readFileSync(tlsFixture(`${name}.key`)),
  };
}
