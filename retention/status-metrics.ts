import { Gauge, Registry } from "prom-client";
import type { RetentionStatus } from "./retention-status.ts";

/**
 * A status in the text form that Prometheus reads. The one label is the view, of which there are three. An instant that
 * never was is 0, so that an alarm on its age goes off.
 */
export async function renderStatusMetrics(status: RetentionStatus): Promise<string> {
  const registry = new Registry();
  const ofView = (name: string, help: string): Gauge<"view"> =>
    new Gauge({ name, help, labelNames: ["view"], registers: [registry] });
  const readable = ofView(
    "hostlog_oldest_readable_age_seconds",
    "Since 00:00 UTC of the oldest day of which something can be read; 0 when nothing can.",
  );
  const objects = ofView("hostlog_objects", "Objects that are listed.");
  const sizeBytes = ofView("hostlog_objects_bytes", "Bytes of the objects that are listed and hidden.");
  for (const view of status.views.filter(({ isListed }) => isListed)) {
    readable.set({ view: view.view }, view.oldestReadableAgeSeconds);
    objects.set({ view: view.view }, view.objects);
    sizeBytes.set({ view: view.view }, view.sizeBytes);
  }
  const single = (name: string, help: string, value: number): void => {
    new Gauge({ name, help, registers: [registry] }).set(value);
  };
  const seconds = (timeMs: number | undefined): number => (timeMs === undefined ? 0 : timeMs / 1000);
  single(
    "hostlog_retention_overdue_groups",
    "View, day and class that should be gone.",
    status.overdueGroups,
  );
  single("hostlog_retention_waiting_groups", "Due or planned, and waiting.", status.waitingGroups);
  single("hostlog_retention_plans_to_approve", "Plans that wait for approval.", status.plansToApprove);
  single(
    "hostlog_retention_last_run_timestamp_seconds",
    "When a retention run last came to its end.",
    seconds(status.lastRunMs),
  );
  single(
    "hostlog_ledger_checkpoint_timestamp_seconds",
    "When the ledger's last checkpoint was written.",
    seconds(status.checkpointMs),
  );
  single("hostlog_holds", "Holds that have not ended.", status.holds);
  single(
    "hostlog_key_exports_outstanding",
    "Exports of keys that hold destroyed ones.",
    status.exportsOutstanding,
  );
  single("hostlog_retention_alarms", "What somebody has to see to.", status.alarms.length);
  single("hostlog_retention_status_timestamp_seconds", "When this was found out.", status.nowMs / 1000);
  return registry.metrics();
}
