import { readClient } from "../../src/address.ts";

/** What a record of the file may be made of. */
export type MmdbValue = string | number | readonly MmdbValue[] | { readonly [key: string]: MmdbValue };

const MAPPED_BITS = 96;

/**
 * A MaxMind DB file (format 2.0, IPv6 tree, IPv4 below ::/96) with a record for each network, `192.0.2.0/24` or
 * `2001:db8::/32`. Networks must not overlap.
 */
export function mmdbFile(records: Readonly<Record<string, MmdbValue>>): Buffer {
  const nodes: [Child, Child][] = [[undefined, undefined]];
  const data: Buffer[] = [];
  let dataBytes = 0;
  for (const [network, record] of Object.entries(records)) {
    const encoded = encode(record);
    place(nodes, bitsOf(network), { data: dataBytes });
    data.push(encoded);
    dataBytes += encoded.length;
  }
  const tree = Buffer.alloc(nodes.length * 8);
  for (const [index, node] of nodes.entries()) {
    for (const [side, child] of node.entries())
      tree.writeUInt32BE(pointer(child, nodes.length), index * 8 + side * 4);
  }
  const marker = Buffer.concat([Buffer.from([0xab, 0xcd, 0xef]), Buffer.from("MaxMind.com")]);
  return Buffer.concat([tree, Buffer.alloc(16), ...data, marker, encode(metadata(nodes.length))]);
}

type Child = undefined | { readonly node: number } | { readonly data: number };

function metadata(nodeCount: number): MmdbValue {
  return {
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_790_000_000,
    database_type: "test",
    description: { en: "test" },
    ip_version: 6,
    languages: ["en"],
    node_count: nodeCount,
    record_size: 32,
  };
}

function pointer(child: Child, nodeCount: number): number {
  if (child === undefined) return nodeCount;
  return "node" in child ? child.node : nodeCount + 16 + child.data;
}

function place(nodes: [Child, Child][], bits: readonly (0 | 1)[], record: Child): void {
  let at = 0;
  for (const [depth, bit] of bits.entries()) {
    const node = nodes[at];
    if (node === undefined) throw new Error("networks overlap");
    if (depth === bits.length - 1) {
      node[bit] = record;
      return;
    }
    const child = node[bit] ?? { node: nodes.length };
    if (!("node" in child)) throw new Error("networks overlap");
    if (node[bit] === undefined) nodes.push([undefined, undefined]);
    node[bit] = child;
    at = child.node;
  }
}

function bitsOf(network: string): readonly (0 | 1)[] {
  const [address = "", length] = network.split("/");
  const key = readClient(address)?.key;
  if (key === undefined) throw new Error(`no network: ${network}`);
  const isIpv4 = address.includes(".");
  const bytes = isIpv4 ? [...new Uint8Array(12), ...key.subarray(12)] : [...key];
  const bits = bytes.flatMap((byte) =>
    Array.from({ length: 8 }, (_, i): 0 | 1 => (((byte >> (7 - i)) & 1) === 1 ? 1 : 0)),
  );
  return bits.slice(0, Number(length) + (isIpv4 ? MAPPED_BITS : 0));
}

const TYPE_STRING = 2;
const TYPE_UINT32 = 6;
const TYPE_MAP = 7;
const TYPE_ARRAY = 11;

function encode(value: MmdbValue): Buffer {
  if (typeof value === "string")
    return Buffer.concat([control(TYPE_STRING, Buffer.byteLength(value)), Buffer.from(value)]);
  if (typeof value === "number") {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(value);
    return Buffer.concat([control(TYPE_UINT32, 4), bytes]);
  }
  if (Array.isArray(value)) return Buffer.concat([control(TYPE_ARRAY, value.length), ...value.map(encode)]);
  const entries = Object.entries(value);
  return Buffer.concat([
    control(TYPE_MAP, entries.length),
    ...entries.flatMap(([key, one]) => [encode(key), encode(one)]),
  ]);
}

/** A type above 7 and a size above 28 each stand in a byte of their own; sizes here stay below 285. */
function control(type: number, size: number): Buffer {
  const sizeBits = Math.min(size, 29);
  const head = type <= 7 ? [(type << 5) | sizeBits] : [sizeBits, type - 7];
  return Buffer.from(size < 29 ? head : [...head, size - 29]);
}
