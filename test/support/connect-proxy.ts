import { createServer, type IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, connect, type Socket } from "node:net";

export interface ConnectProxy {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  /** What it was asked to connect to, in order. */
  readonly destinations: string[];
  /** The Proxy-Authorization of each of these, or nothing. */
  readonly credentials: (string | undefined)[];
  /** Assignable: what CONNECT is answered; 0 for nothing at all. */
  status: number;
  close(): Promise<void>;
}

/**
 * A proxy on the loopback address that knows CONNECT only. Whatever host it is asked for, it connects to
 * `endpoint`: it is the proxy that looks names up.
 */
export async function startConnectProxy(
  endpoint: string,
  tls?: { readonly certificate: Buffer; readonly key: Buffer },
): Promise<ConnectProxy> {
  const target = new URL(endpoint);
  const server =
    tls === undefined ? createServer() : createTlsServer({ cert: tls.certificate, key: tls.key });
  const sockets = new Set<Socket>();
  const proxy: ConnectProxy = {
    host: "",
    destinations: [],
    credentials: [],
    status: 200,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
  });
  server.on("connect", ({ url = "", headers }: IncomingMessage, socket: Socket) => {
    proxy.destinations.push(url);
    proxy.credentials.push(headers["proxy-authorization"]);
    socket.on("error", () => socket.destroy());
    if (proxy.status === 0) return;
    if (proxy.status !== 200) {
      socket.end(`HTTP/1.1 ${proxy.status} No\r\nContent-Length: 2\r\n\r\nno`);
      return;
    }
    const onward = connect(Number(target.port), target.hostname, () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(onward).pipe(socket);
    });
    sockets.add(onward);
    onward.on("error", () => socket.destroy());
    socket.on("close", () => onward.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return Object.assign(proxy, { host: `127.0.0.1:${(server.address() as AddressInfo).port}` });
}
