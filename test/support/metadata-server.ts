import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

export interface MetadataServer {
  readonly endpoint: string;
  /** Assignable: the access key of the next credentials, and how long they are good for. */
  next: { readonly accessKeyId: string; readonly lifetimeMs: number };
  /** How often credentials were given. */
  given: number;
  close(): Promise<void>;
}

const TOKEN = "metadata-token";
const ROLE_PATH = "/latest/meta-data/iam/security-credentials/";

/**
 * What an instance of Amazon's finds at 169.254.169.254, on the loopback address: session tokens first, as
 * version 2 wants it. Source: Amazon EC2 user guide, "Use the Instance Metadata Service".
 */
export async function startMetadataServer(): Promise<MetadataServer> {
  const server = createServer(({ method, url, headers }, response) => {
    if (method === "PUT" && url === "/latest/api/token") return void response.end(TOKEN);
    if (headers["x-aws-ec2-metadata-token"] !== TOKEN) return void response.writeHead(401).end();
    if (url === ROLE_PATH) return void response.end("hostlog-node");
    if (url !== `${ROLE_PATH}hostlog-node`) return void response.writeHead(404).end();
    metadata.given++;
    const { accessKeyId, lifetimeMs } = metadata.next;
    response.end(
      JSON.stringify({
        AccessKeyId: accessKeyId,
        SecretAccessKey: "wJalrXUtnFEMI",
        Token: `token-of-${accessKeyId}`,
        Expiration: new Date(Date.now() + lifetimeMs).toISOString(),
      }),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const metadata: MetadataServer = {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    next: { accessKeyId: "ASIAEXAMPLE1", lifetimeMs: 3_600_000 },
    given: 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return metadata;
}
