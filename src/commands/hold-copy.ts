import { dayOfMs } from "../day.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { type Hold, isLive } from "../holds/hold-state.ts";
import { sweepMemoryFolders } from "../memory-folder.ts";
import type { CommonOptions, Context } from "./context.ts";
import { type CopyReport, copyHold, type HoldPlace } from "./copy-hold.ts";
import type { SecretOptions } from "./custodian-secrets.ts";
import { holdNamed } from "./hold-control.ts";
import { refuseMissing, reportLines, say } from "./hold-report.ts";
import { withHolds } from "./hold-run.ts";
import { forgetScope, openScope } from "./hold-scope.ts";

export interface CopyOptions extends CommonOptions, SecretOptions {}

/** `hold copy`: of all live holds, or of one. What keeps one from being copied for does not keep the others. */
export async function copyHolds(
  context: Context,
  id: string | undefined,
  options: CopyOptions,
): Promise<void> {
  await sweepMemoryFolders(context.memoryDirectories);
  await withHolds(context, options, async (place) => {
    const today = dayOfMs(context.nowMs);
    const holds = place.control.holds();
    const asked = id === undefined ? holds : [holdNamed(holds, id)];
    for (const hold of holds) if (!isLive(hold, today)) await forgetScope(context, hold);
    const live = asked.filter((hold) => isLive(hold, today));
    if (live.length === 0) {
      say(context, [
        id === undefined ? "there is no hold" : `hold ${id} has ended: nothing is copied for it`,
      ]);
    }
    const troubles: UserError[] = [];
    for (const hold of live) {
      const trouble = await copyOne(place, hold);
      if (trouble !== undefined) troubles.push(trouble);
    }
    refuseTroubles(context, troubles);
  });
}

async function copyOne(place: HoldPlace, hold: Hold): Promise<UserError | undefined> {
  try {
    const report = await copyLate(place, hold);
    // What was destroyed before was said when the hold was placed, and cannot be mended.
    refuseMissing(hold, { ...report, destroyed: [] }, []);
    return undefined;
  } catch (error) {
    if (error instanceof UserError) return error;
    throw error;
  }
}

/** Copies what came since, and says what came of it. */
export async function copyLate(place: HoldPlace, hold: Hold): Promise<CopyReport> {
  const { context, control, keys } = place;
  await keys?.ensure(hold);
  const scope = await openScope({ context, keys, ledger: control.ledger }, hold);
  const report = await copyHold(place, hold, scope);
  say(context, reportLines(hold, report, []));
  return report;
}

/** The worst of them decides on the exit code. */
function refuseTroubles({ stderr }: Context, troubles: readonly UserError[]): void {
  const worst =
    troubles.find((trouble) => trouble.exitCode === exitCode.integrity) ??
    troubles.find((trouble) => trouble.exitCode !== exitCode.partial) ??
    troubles[0];
  for (const trouble of troubles) if (trouble !== worst) stderr.write(`hostlog: ${trouble.message}\n`);
  if (worst !== undefined) throw worst;
}
