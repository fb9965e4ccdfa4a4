import { judge, type NoAnswer } from "./answer.ts";
import { type Finding, notTried, ok, refused, warning } from "./finding.ts";
import type { Reach, ServerSighting, Transit } from "./s3-observations.ts";

/** Certificates of a purge name instants to the second; nobody disputes a minute. */
const CLOCK_OK_MS = 60_000;

/** Beyond this a day may be called past its term that is not, and servers soon refuse requests (15 minutes). */
const CLOCK_REFUSED_MS = 300_000;

/** A date in an answer has whole seconds, and travels. */
const DATE_STEP_MS = 2_000;

export function judgeReach({ latencyMs, isListed }: Reach): Finding {
  return ok(
    "reach",
    `the server answers in ${latencyMs} ms${isListed ? "" : ", and does not let these credentials list"}`,
    "Requests for this bucket arrive.",
  );
}

export function judgeUnreached(reach: NoAnswer): Finding {
  const otherwise = {
    act: "reach the bucket",
    unknown: "Whether anything works here is not known.",
    failed: (message: string) =>
      reach.kind === "failed" && reach.mayPass
        ? notTried("reach", message, "Nothing else could be tried.")
        : refused("reach", message, "Nothing can be stored or read here."),
  };
  return judge("reach", reach, otherwise, (nothing: never) => nothing);
}

export function judgeServer(server: ServerSighting | undefined): readonly Finding[] {
  if (server === undefined) {
    const unknown = "The server gave no answer that could be looked at.";
    return [
      notTried("transit", unknown, "Whether logs are safe on their way is not known."),
      notTried("clock", unknown, "Whether the clocks agree is not known."),
    ];
  }
  return [judgeTransit(server.transit), judgeClock(server.clockAheadMs)];
}

function judgeTransit(transit: Transit): Finding {
  switch (transit.kind) {
    case "loopback":
      return ok("transit", "the server is on this machine, without TLS", "Nothing crosses a network.");
    case "plain":
      return refused(
        "transit",
        "the server is reached without TLS",
        "Logs and signatures would cross the network in the clear: write https:// into s3.endpoint.",
      );
    case "tls":
      return judgeTls(transit);
  }
}

function judgeTls({ version, authority }: { readonly version: string; readonly authority: string }): Finding {
  const fact = `${version}, with a certificate by ${authority}`;
  if (version === "TLSv1.2" || version === "TLSv1.3") {
    return ok("transit", fact, "What is sent can be read and changed by nobody on the way.");
  }
  return refused("transit", fact, "Versions before 1.2 are broken: switch TLS 1.2 or 1.3 on at the server.");
}

function judgeClock(aheadMs: number | undefined): Finding {
  if (aheadMs === undefined) {
    return warning(
      "clock",
      "the server's answers have no date",
      "Whether this machine's clock is right cannot be compared: look at chronyc or timedatectl.",
    );
  }
  const seconds = Math.round(Math.abs(aheadMs) / 1000);
  const fact =
    Math.abs(aheadMs) < DATE_STEP_MS
      ? "the server's clock agrees with this machine's"
      : `the server's clock is ${seconds} s ${aheadMs < 0 ? "behind" : "ahead of"} this machine's`;
  if (Math.abs(aheadMs) < CLOCK_OK_MS) return ok("clock", fact, "A purge may run.");
  if (Math.abs(aheadMs) <= CLOCK_REFUSED_MS) {
    return warning("clock", fact, "Set the clocks (chronyc, timedatectl): from 300 s on no purge must run.");
  }
  return refused(
    "clock",
    fact,
    "One of the two is wrong, so no purge must run: set the clocks (chronyc, timedatectl).",
  );
}
