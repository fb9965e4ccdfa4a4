import { parentPort, workerData } from "node:worker_threads";
import { createAnonymizer } from "../../anonymize/anonymizer.ts";
import type { AnalyticsSettings } from "../../config/config.ts";
import { type EncodeRequest, type EncodeSettings, encodeBatch } from "./encode-batch.ts";
import { openNetworkTables } from "./open-network-tables.ts";

/** What the worker is started with. */
export interface WorkerStart {
  readonly settings: EncodeSettings;
  readonly analytics: AnalyticsSettings;
}

const { settings, analytics } = workerData as WorkerStart;
const anonymizer = createAnonymizer({
  visitorsMax: analytics.visitorsMax,
  ...(await openNetworkTables(analytics)),
});

parentPort?.on("message", (request: EncodeRequest) => {
  const objects = encodeBatch(request, settings, anonymizer);
  parentPort?.postMessage(
    objects,
    objects.map(({ bytes }) => bytes.buffer as ArrayBuffer),
  );
});
