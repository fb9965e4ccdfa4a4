import { openNetworkTable } from "../../anonymize/io/open-network-table.ts";
import type { AnalyticsSettings } from "../../config/config.ts";

/** What the configured tables say of an address; what is not configured stays unknown. */
export async function openNetworkTables({ countryTable, asNumberTable }: AnalyticsSettings): Promise<{
  readonly lookupCountry?: (key: Uint8Array) => string | undefined;
  readonly lookupAsNumber?: (key: Uint8Array) => number | undefined;
}> {
  const countries = countryTable === undefined ? undefined : await openNetworkTable(countryTable);
  const networks = asNumberTable === undefined ? undefined : await openNetworkTable(asNumberTable);
  return {
    ...(countries === undefined ? {} : { lookupCountry: countries.country }),
    ...(networks === undefined ? {} : { lookupAsNumber: networks.asNumber }),
  };
}
