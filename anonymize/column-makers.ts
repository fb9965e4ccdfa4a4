import { canonicalHost, UNKNOWN_DOMAIN } from "../src/host-name.ts";
import type { AnalyticsColumnName } from "../src/schema/analytics-schema.ts";
import type { AnalyticsColumns } from "../src/schema/table-columns.ts";
import { type AgentClass, classifyAgent } from "./classify-agent.ts";
import { cleanPath } from "./clean-path.ts";
import { booleanColumn, numberColumn, readDistinct, textColumn } from "./distinct-values.ts";
import { knownMethod } from "./known-method.ts";
import { knownProtocol } from "./known-protocol.ts";
import { referrerHost } from "./referrer-host.ts";
import type { Sources } from "./rules.ts";
import { type TruncatedNetwork, truncateAddress, UNKNOWN_NETWORK } from "./truncate-address.ts";

/** Analytics columns and the raw columns from which `rules.ts` lets them be made. */
type Made<Name extends AnalyticsColumnName> = Pick<AnalyticsColumns, Name>;

const MS_PER_HOUR = 3_600_000;
const AS_NUMBER_MAX = 2 ** 32 - 1;
const countryCode = /^[A-Z]{2}$/;

const decoder = new TextDecoder();
const textOf = (value: Uint8Array): string => decoder.decode(value);
const itself = (text: string): string => text;

export function timeColumn({ time }: Sources<"time">, rows: number): Made<"time"> {
  const values = time.values.slice(0, rows);
  for (let row = 0; row < rows; row++)
    values[row] = Math.floor((values[row] as number) / MS_PER_HOUR) * MS_PER_HOUR;
  return { time: { kind: "number", values } };
}

export function domainColumn({ domain }: Sources<"domain">, rows: number): Made<"domain"> {
  const read = (value: Uint8Array): string => canonicalHost(textOf(value)) ?? UNKNOWN_DOMAIN;
  return { domain: textColumn(readDistinct(domain, rows, read, UNKNOWN_DOMAIN), itself) };
}

/** What tables of networks say of an address key, where there are such tables. */
export interface NetworkLookups {
  /** ISO 3166-1 alpha-2 code of the country; anything else is dropped. */
  readonly lookupCountry?: ((key: Uint8Array) => string | undefined) | undefined;
  /** Number of the autonomous system that announces the address. */
  readonly lookupAsNumber?: ((key: Uint8Array) => number | undefined) | undefined;
}

/** What is known of one distinct address. */
interface ClientNetwork {
  readonly network: TruncatedNetwork;
  readonly country: string | undefined;
  readonly asNumber: number | undefined;
}

export function networkColumns(
  { client_ip_key }: Sources<"client_net" | "country" | "as_number">,
  rows: number,
  { lookupCountry, lookupAsNumber }: NetworkLookups,
): Made<"client_net" | "country" | "as_number"> {
  const read = (key: Uint8Array): ClientNetwork => {
    const country = lookupCountry?.(key);
    const asNumber = lookupAsNumber?.(key) ?? Number.NaN;
    return {
      network: truncateAddress(key),
      country: country !== undefined && countryCode.test(country) ? country : undefined,
      asNumber:
        Number.isInteger(asNumber) && asNumber >= 0 && asNumber <= AS_NUMBER_MAX ? asNumber : undefined,
    };
  };
  const absent = { network: UNKNOWN_NETWORK, country: undefined, asNumber: undefined };
  const networks = readDistinct(client_ip_key, rows, read, absent);
  return {
    client_net: textColumn(networks, ({ network }) => network),
    country: textColumn(networks, ({ country }) => country),
    as_number: numberColumn(networks, ({ asNumber }) => asNumber),
  };
}

export function methodColumn({ method }: Sources<"method">, rows: number): Made<"method"> {
  return {
    method: textColumn(
      readDistinct(method, rows, (value) => knownMethod(textOf(value))),
      itself,
    ),
  };
}

export function pathColumn({ path }: Sources<"path">, rows: number): Made<"path"> {
  return {
    path: textColumn(
      readDistinct(path, rows, (value) => cleanPath(textOf(value))),
      itself,
    ),
  };
}

export function protocolColumn({ protocol }: Sources<"protocol">, rows: number): Made<"protocol"> {
  return {
    protocol: textColumn(
      readDistinct(protocol, rows, (value) => knownProtocol(textOf(value))),
      itself,
    ),
  };
}

export function keptNumbers(
  { status, bytes_sent }: Sources<"status" | "bytes_sent">,
  rows: number,
): Made<"status" | "bytes_sent"> {
  return {
    status: { kind: "number", values: status.values.slice(0, rows) },
    bytes_sent: { kind: "number", values: bytes_sent.values.slice(0, rows) },
  };
}

export function referrerColumn({ referrer }: Sources<"referrer_host">, rows: number): Made<"referrer_host"> {
  const hosts = readDistinct(referrer, rows, (value) => referrerHost(textOf(value)));
  return { referrer_host: textColumn(hosts, itself) };
}

type AgentColumnName = "browser" | "browser_major" | "os" | "device" | "is_bot";

export function agentColumns({ user_agent }: Sources<AgentColumnName>, rows: number): Made<AgentColumnName> {
  const agents = readDistinct<AgentClass>(user_agent, rows, (value) => classifyAgent(textOf(value)));
  return {
    browser: textColumn(agents, ({ browser }) => browser),
    browser_major: numberColumn(agents, ({ browserMajor }) => browserMajor),
    os: textColumn(agents, ({ os }) => os),
    device: textColumn(agents, ({ device }) => device),
    is_bot: booleanColumn(agents, ({ isBot }) => isBot),
  };
}
