/** What servers log, and the one spelling for it: nginx writes `HTTP/2.0`, Apache `HTTP/2`. */
const protocols: ReadonlyMap<string, string> = new Map([
  ["HTTP/0.9", "HTTP/0.9"],
  ["HTTP/1.0", "HTTP/1.0"],
  ["HTTP/1.1", "HTTP/1.1"],
  ["HTTP/2", "HTTP/2.0"],
  ["HTTP/2.0", "HTTP/2.0"],
  ["HTTP/3", "HTTP/3.0"],
  ["HTTP/3.0", "HTTP/3.0"],
]);

/** A version of HTTP that exists, spelled with its minor number, else `OTHER`. */
export function knownProtocol(text: string): string {
  return protocols.get(text) ?? "OTHER";
}
