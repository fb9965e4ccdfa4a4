/** What decides how a policy has to be written, as servers differ in it. */
export interface ServerTraits {
  /**
   * "enforced": a policy can forbid a put that would replace an object. "unknown-to-server": the server does
   * not know `s3:if-none-match` and would deny every put (Ceph does).
   * Source: Amazon S3 user guide, "Enforce conditional writes on Amazon S3 buckets".
   */
  readonly conditionalPuts: "enforced" | "unknown-to-server";
  /**
   * "enforced": a policy can forbid plain http. "unseen": the server does not see that a connection is encrypted,
   * as when TLS ends before it, and would deny everything. "plain": http on this machine, nothing to forbid.
   */
  readonly transit: "enforced" | "unseen" | "plain";
  /** The first part of an ARN after `arn:`. Source: AWS General Reference, "Amazon Resource Names". */
  readonly partition: "aws" | "aws-cn" | "aws-us-gov";
}

/** What a server is by its address alone. Undefined: it has to be asked. */
export interface KnownTraits {
  readonly isAmazon: boolean;
  readonly conditionalPuts: ServerTraits["conditionalPuts"] | undefined;
  readonly transit: ServerTraits["transit"] | undefined;
  readonly partition: ServerTraits["partition"];
}

/** `endpoint` is the URL that requests go to; undefined when it is Amazon's own in `region`. */
export function knownTraits(endpoint: string | undefined, region: string | undefined): KnownTraits {
  const { protocol, hostname } = new URL(endpoint ?? "https://s3.amazonaws.com");
  const isAmazon = /(?:^|\.)amazonaws\.com(?:\.cn)?$/.test(hostname);
  if (isAmazon) {
    const partition = partitionOf(region ?? "", hostname);
    return { isAmazon, conditionalPuts: "enforced", transit: "enforced", partition };
  }
  const transit = protocol === "http:" ? "plain" : undefined;
  return { isAmazon, conditionalPuts: undefined, transit, partition: "aws" };
}

function partitionOf(region: string, hostname: string): ServerTraits["partition"] {
  if (region.startsWith("cn-") || hostname.endsWith(".cn")) return "aws-cn";
  return region.startsWith("us-gov-") || hostname.includes(".us-gov-") ? "aws-us-gov" : "aws";
}

/** Traits with what is not known taken for what does no harm, and a sentence for each that was. */
export function assumedTraits(
  known: KnownTraits,
  chosen: ServerTraits["conditionalPuts"] | undefined,
): { readonly traits: ServerTraits; readonly notes: readonly string[] } {
  const conditionalPuts = chosen ?? known.conditionalPuts;
  const notes: string[] = [];
  if (conditionalPuts === undefined) {
    notes.push(
      "whether this server can forbid puts that replace an object is not known from here: --apply finds out, or say --conditional-puts enforced.",
    );
  }
  if (known.transit === undefined) {
    notes.push(
      "where TLS ends before the server, it would take every connection for plain http: leave out the policies of the buckets there; --apply finds out.",
    );
  }
  const traits: ServerTraits = {
    conditionalPuts: conditionalPuts ?? "unknown-to-server",
    transit: known.transit ?? "enforced",
    partition: known.partition,
  };
  return { traits, notes };
}

/** A sentence for each thing that the server cannot forbid. */
export function weaknessesOf({ conditionalPuts, transit }: ServerTraits): readonly string[] {
  return [
    ...(conditionalPuts === "enforced"
      ? []
      : [
          "this server cannot forbid a node to replace its own objects; hostlog verify finds it by size, and with --read by hash, unless the node's record is replaced too: keep copies of the ledger elsewhere.",
        ]),
    ...(transit === "unseen"
      ? [
          "this server does not see that connections are encrypted, as TLS ends before it, so no policy can forbid plain http; let the proxy refuse it.",
        ]
      : []),
  ];
}
