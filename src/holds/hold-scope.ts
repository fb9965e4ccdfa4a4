/** Which rows of its days a hold keeps: those that fit one of the domains and one of the addresses, where there are any. */
export interface HoldScope {
  /** `example.org`, or `*.example.org` for every name below it. */
  readonly domains: readonly string[];
  /** Addresses and networks in CIDR notation. */
  readonly addresses: readonly string[];
}

const VERSION = 1;

/** JSON, to be sealed: an address is personal data. */
export function formatScope({ domains, addresses }: HoldScope): Uint8Array {
  return Buffer.from(`${JSON.stringify({ version: VERSION, domains, addresses })}\n`);
}

/** Undefined for what this version does not know. */
export function parseScope(bytes: Uint8Array): HoldScope | undefined {
  const value = readFields(Buffer.from(bytes).toString("utf8"));
  if (value?.version !== VERSION || !areTexts(value.domains) || !areTexts(value.addresses)) return undefined;
  return { domains: value.domains, addresses: value.addresses };
}

function areTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((one) => typeof one === "string");
}

interface ScopeFields {
  readonly version?: unknown;
  readonly domains?: unknown;
  readonly addresses?: unknown;
}

function readFields(text: string): ScopeFields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
