import { randomFillSync } from "node:crypto";
import type { BytesColumn } from "../src/columns/column.ts";
import type { AnalyticsColumns } from "../src/schema/table-columns.ts";
import { createKeyedHash, type KeyedHash } from "./keyed-hash.ts";
import type { Sources } from "./rules.ts";
import { createVisitTracker, visitFlag } from "./visit-tracker.ts";

type VisitColumnName = "visit_start" | "visitor_first_of_day";

export type VisitMaker = (
  sources: Sources<VisitColumnName>,
  rows: number,
) => Pick<AnalyticsColumns, VisitColumnName>;

/**
 * A maker of the visit columns, which remembers visitors from batch to batch. A visitor is a client (its address,
 * or the text in its place) with an agent at a domain, and is remembered as a hash under a key that is drawn here
 * and leaves this process in no way. A row without any client is nobody's visit.
 */
export function createVisitMaker(visitorsMax: number): VisitMaker {
  const [key0 = 0, key1 = 0] = randomFillSync(new Uint32Array(2));
  const hash = createKeyedHash(key0, key1);
  const tracker = createVisitTracker(visitorsMax);
  return ({ time, domain, client_ip_key, client_text, user_agent }, rows) => {
    const visitStart = new Uint8Array(rows);
    const firstOfDay = new Uint8Array(rows);
    const domains = hashesOf(domain, hash);
    const addresses = hashesOf(client_ip_key, hash);
    const texts = hashesOf(client_text, hash);
    const agents = hashesOf(user_agent, hash);
    const parts = new Uint32Array(6);
    const visitor = new Uint32Array(2);
    for (let row = 0; row < rows; row++) {
      const addressCode = client_ip_key.codes[row] as number;
      const clientCode = addressCode === 0 ? (client_text.codes[row] as number) : addressCode;
      if (clientCode === 0) continue;
      copyPair(domains, domain.codes[row] as number, parts, 0);
      copyPair(addressCode === 0 ? texts : addresses, clientCode, parts, 2);
      copyPair(agents, user_agent.codes[row] as number, parts, 4);
      hash.hashWords(parts, visitor, 0);
      const flags = tracker.note(visitor[0] as number, visitor[1] as number, time.values[row] as number);
      visitStart[row] = (flags & visitFlag.start) === 0 ? 0 : 1;
      firstOfDay[row] = (flags & visitFlag.firstOfDay) === 0 ? 0 : 1;
    }
    return {
      visit_start: { kind: "boolean", values: visitStart },
      visitor_first_of_day: { kind: "boolean", values: firstOfDay },
    };
  };
}

/** Two words for each code; zeros for code 0, no value. */
function hashesOf({ values }: BytesColumn, hash: KeyedHash): Uint32Array {
  const hashes = new Uint32Array(2 * (values.size + 1));
  for (let index = 0; index < values.size; index++) {
    const start = values.offsets[index] as number;
    hash.hashBytes(values.bytes, start, values.offsets[index + 1] as number, hashes, 2 * (index + 1));
  }
  return hashes;
}

function copyPair(from: Uint32Array, code: number, to: Uint32Array, at: number): void {
  to[at] = from[2 * code] as number;
  to[at + 1] = from[2 * code + 1] as number;
}
