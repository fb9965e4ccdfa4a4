import { BlockList, isIPv4, isIPv6 } from "node:net";

/** Addresses that belong to nobody who could visit a site, with where that is written. */
const harmless = new BlockList();
for (const [network, prefix] of [
  ["192.0.2.0", 24], // documentation, RFC 5737
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["10.0.0.0", 8], // private, RFC 1918
  ["172.16.0.0", 12],
  ["192.168.0.0", 16],
  ["100.64.0.0", 10], // behind carriers' address translation, RFC 6598
  ["127.0.0.0", 8], // this machine
  ["169.254.0.0", 16], // this link, RFC 3927
  ["0.0.0.0", 8], // no address of a machine, RFC 1122
  ["224.0.0.0", 3], // multicast and reserved, 255.255.255.255 included, RFC 1112
  ["1.2.3.4", 32], // stands for "an address" where only its form is tested
] as const) {
  harmless.addSubnet(network, prefix, "ipv4");
}
for (const [network, prefix] of [
  ["2001:db8::", 32], // documentation, RFC 3849
  ["3fff::", 20], // documentation, RFC 9637
  ["::", 64], // unspecified, this machine, and forms that hold an IPv4 address
  ["64:ff9b::", 32], // forms that hold an IPv4 address, RFC 6052 and 8215
  ["2002::", 16], // 6to4 holds an IPv4 address, RFC 3056
  ["2001::", 32], // Teredo holds two, RFC 4380
  ["100::", 64], // discarded, RFC 6666
  ["fc00::", 7], // private, RFC 4193
  ["fe80::", 10], // this link
  ["ff00::", 8], // multicast
] as const) {
  harmless.addSubnet(network, prefix, "ipv6");
}

/** Not behind a slash: a browser's version, `Chrome/142.0.0.0`, has the same form. */
const v4 = /(?<![\w./-])\d{1,3}(?:\.\d{1,3}){3}(?![\w-]|\.\d)/g;
const v6 = /(?<![\w:.])[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}(?![\w:])/gi;

/** The addresses in a text that could be somebody's, each once. */
export function foreignAddresses(text: string): readonly string[] {
  const four = [...text.matchAll(v4)].map(([found]) => found);
  const six = [...text.matchAll(v6)].map(([found]) => found).filter((found) => isIPv6(found));
  const foreign = [
    ...four.filter((address) => isIPv4(address) && !harmless.check(address, "ipv4")),
    ...six.filter((address) => !harmless.check(address, "ipv6")),
  ];
  return [...new Set(foreign)];
}
