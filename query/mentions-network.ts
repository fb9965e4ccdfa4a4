import { type AddressKey, type Network, readClient } from "../src/address.ts";

/**
 * True when a client field that is a list (`192.0.2.1, 192.0.2.2`, as forwarding proxies write it) holds an
 * address of one of the networks, in any notation of `src/address.ts`.
 */
export function mentionsNetwork(clientText: string, networks: readonly Network[]): boolean {
  return clientText.split(/[\s,;]+/).some((element) => {
    const client = readClient(element.replaceAll('"', ""));
    return client !== undefined && networks.some((network) => isIn(client.key, network));
  });
}

function isIn(key: AddressKey, { first, last }: Network): boolean {
  return Buffer.compare(key, first) >= 0 && Buffer.compare(key, last) <= 0;
}
