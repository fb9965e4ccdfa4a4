import { daysSince, isOutstanding, type KeyringSight, newestExport } from "./keyring-sight.ts";
import { type KeyAlarm, planAlarms } from "./plan-alarms.ts";
import { planSeries, type SeriesReport } from "./plan-series.ts";

/** What there is to say of a store's keys on a day. */
export interface KeyringReport extends Pick<KeyringSight, "keyring" | "today"> {
  readonly series: readonly SeriesReport[];
  readonly published: PublishedReport | undefined;
  readonly exports: { readonly newestAt: string | undefined; readonly outstanding: readonly number[] };
  /** What somebody has to do something about. */
  readonly alarms: readonly KeyAlarm[];
}

export interface PublishedReport {
  readonly generation: number;
  /** ISO 8601. */
  readonly at: string;
  readonly ageDays: number;
}

/** Decides what to say of a keyring, and what is alarming. Pure: the same sight gives the same report. */
export function planReport(sight: KeyringSight): KeyringReport {
  const { keyring, exports, published, today } = sight;
  const series = planSeries(sight);
  return {
    keyring,
    today,
    series,
    published: published && {
      generation: published.generation,
      at: published.at,
      ageDays: daysSince(published.at, today),
    },
    exports: {
      newestAt: newestExport(exports)?.at,
      outstanding: exports.filter(isOutstanding).map(({ number }) => number),
    },
    alarms: planAlarms(sight, series),
  };
}
