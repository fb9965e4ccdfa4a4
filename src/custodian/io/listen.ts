import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";
import type { CustodianAddress } from "../custodian-address.ts";
import { bindPrivately } from "./socket-path.ts";

/** Returns the place as clients name it. Throws UserError when the place is taken, or is not this machine's. */
export async function listen(server: Server, address: CustodianAddress): Promise<string> {
  if (address.kind === "unix") {
    const { path } = address;
    await listening(server, `unix:${path}`, () => bindPrivately(() => server.listen(path)));
    return `unix:${path}`;
  }
  const { host, port } = address;
  const shown = host.includes(":") ? `[${host}]` : host;
  await listening(server, `https://${shown}:${port}`, () => server.listen(port, host));
  return `https://${shown}:${(server.address() as AddressInfo).port}`;
}

function listening(server: Server, place: string, begin: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException): void => reject(troubleOf(place, error));
    server.once("error", failed);
    server.once("listening", () => {
      server.removeListener("error", failed);
      resolve();
    });
    begin();
  });
}

function troubleOf(place: string, error: NodeJS.ErrnoException): UserError {
  const code = error.code ?? error.name;
  return code === "EADDRINUSE"
    ? new UserError(`something answers at ${place} already; end it first, or name another`, exitCode.tryAgain)
    : new UserError(`the custodian cannot listen at ${place} (${code}); correct --listen`, exitCode.config);
}
