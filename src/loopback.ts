const octet = /(?:\d|[1-9]\d|1\d\d|2[0-4]\d|25[0-5])/.source;

const loopbackPattern = new RegExp(
  `^(?:(?:[a-z0-9-]+\\.)*localhost|127(?:\\.${octet}){3}|::1|\\[::1\\])$`,
  "i",
);

/**
 * True for a host name or address that is this machine by its very form, as a URL holds it or without brackets.
 * Source: RFC 6761 section 6.3 for `localhost` and all names below it, RFC 6890 for the addresses.
 */
export function isLoopback(hostName: string): boolean {
  return loopbackPattern.test(hostName);
}
