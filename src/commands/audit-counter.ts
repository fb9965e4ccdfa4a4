import { SingleBar } from "cli-progress";
import type { AuditQuestion } from "../audit/audit-store.ts";
import type { Context } from "./context.ts";

type OnProgress = NonNullable<AuditQuestion["onProgress"]>;

/** Runs `act` under a line that counts records and objects, where standard error is a terminal. How many there are nobody knows. */
export async function withAuditCounter<Result>(
  { stderr }: Pick<Context, "stderr">,
  act: (onProgress: OnProgress | undefined) => Promise<Result>,
): Promise<Result> {
  if (!("isTTY" in stderr) || stderr.isTTY !== true) return act(undefined);
  const counts = { records: 0, objects: 0 };
  const bar = new SingleBar({
    stream: stderr,
    format: "{records} records read, {objects} objects listed | {duration_formatted}",
    hideCursor: true,
    clearOnComplete: true,
    fps: 5,
  });
  bar.start(1, 0, counts);
  try {
    return await act((what, more) => {
      counts[what] += more;
      bar.update(0, counts);
    });
  } finally {
    bar.stop();
  }
}
