import type { AnalyticsColumnName } from "../src/schema/analytics-schema.ts";
import type { AnalyticsColumns, RawColumns } from "../src/schema/table-columns.ts";
import {
  agentColumns,
  domainColumn,
  keptNumbers,
  methodColumn,
  type NetworkLookups,
  networkColumns,
  pathColumn,
  protocolColumn,
  referrerColumn,
  timeColumn,
} from "./column-makers.ts";
import { type Sources, sourcesOf } from "./rules.ts";
import { createVisitMaker } from "./visit-columns.ts";

export interface AnonymizerSettings extends NetworkLookups {
  /** How many pairs of visitor and day are remembered at once. */
  readonly visitorsMax: number;
}

export interface Anonymizer {
  /**
   * What statistics may see of the first `rows` rows of a batch, row by row, as `rules.ts` says. Its order is
   * still that of raw: {@link orderAnalytics} is applied before anything is written. Nothing of `raw` is kept or
   * shared but, hashed and in memory only, what tells visits apart in the batches to come.
   */
  anonymize(raw: RawColumns, rows: number): AnalyticsColumns;
}

export function createAnonymizer(settings: AnonymizerSettings): Anonymizer {
  const makeVisits = createVisitMaker(settings.visitorsMax);
  return {
    anonymize(raw, rows) {
      const make = <Name extends AnalyticsColumnName>(
        names: readonly Name[],
        maker: (sources: Sources<Name>, rows: number) => Pick<AnalyticsColumns, Name>,
      ): Pick<AnalyticsColumns, Name> => maker(sourcesOf(raw, names), rows);
      return {
        ...make(["time"], timeColumn),
        ...make(["domain"], domainColumn),
        ...make(["client_net", "country", "as_number"], (sources) => networkColumns(sources, rows, settings)),
        ...make(["method"], methodColumn),
        ...make(["path"], pathColumn),
        ...make(["protocol"], protocolColumn),
        ...make(["status", "bytes_sent"], keptNumbers),
        ...make(["referrer_host"], referrerColumn),
        ...make(["browser", "browser_major", "os", "device", "is_bot"], agentColumns),
        ...make(["visit_start", "visitor_first_of_day"], makeVisits),
      };
    },
  };
}
