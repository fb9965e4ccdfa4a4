import { parentPort, workerData } from "node:worker_threads";
import { createAnonymizer } from "../../anonymize/anonymizer.ts";
import type { AnalyticsSettings } from "../../config/config.ts";
import { createRecipientBook } from "../recipients/recipient-book.ts";
import type { RecipientSnapshot } from "../recipients/recipient-snapshot.ts";
import { type EncodeRequest, type EncodeSettings, encodeBatch } from "./encode-batch.ts";
import { openNetworkTables } from "./open-network-tables.ts";

/** What the worker is started with. */
export interface WorkerStart {
  readonly settings: Omit<EncodeSettings, "recipients">;
  readonly analytics: AnalyticsSettings;
  /** Undefined for a store that is not sealed. */
  readonly recipients: RecipientSnapshot | undefined;
}

const { settings, analytics, recipients } = workerData as WorkerStart;
const book = recipients === undefined ? undefined : createRecipientBook(recipients);
const anonymizer = createAnonymizer({
  visitorsMax: analytics.visitorsMax,
  ...(await openNetworkTables(analytics)),
});

parentPort?.on("message", (request: EncodeRequest) => {
  const objects = encodeBatch(request, { ...settings, recipients: book }, anonymizer);
  parentPort?.postMessage(
    objects,
    objects.map(({ bytes }) => bytes.buffer as ArrayBuffer),
  );
});
