import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRecordSigner, type RecordSigner } from "../../src/ledger/record-signer.ts";
import { combinedLine } from "../support/log-lines.ts";
import { startWarmHostlog, type WarmHostlog } from "../support/warm-hostlog.ts";

/** A ledger that the program wrote, copied to where an auditor would have it. */
export interface RealLedger {
  /** The copy. */
  readonly copy: string;
  /** For more copies. */
  readonly folder: string;
  readonly storeId: string;
  /** SEQUENCE:SHA256 of the last checkpoint. */
  readonly head: string;
  /** The machine that began the ledger, which is also node web01. */
  readonly first: RecordSigner;
  /** Accepted by the first: also node web02. */
  readonly second: RecordSigner;
  end(): Promise<void>;
}

/**
 * Two nodes ship twice each, the second machine is accepted, two days are planned and destroyed with certificates under two
 * leases, one of each machine, and a third run finds nothing to do; checkpoints between. Sealed, so that keys are
 * destroyed too. Under a clock of its own.
 */
export async function makeRealLedger(): Promise<RealLedger> {
  const folder = mkdtempSync(join(tmpdir(), "hostlog-ledger-"));
  const hostlog = startWarmHostlog();
  try {
    const run = runIn(hostlog, folder);
    for (const machine of [1, 2]) {
      const settings = [
        `store: file://${folder}/store`,
        `state: ${folder}/state${machine}`,
        "classes: { standard: 7d }",
      ];
      writeFileSync(join(folder, `machine${machine}.yaml`), `${settings.join("\n")}\n`);
    }
    for (const [day, machine] of [1, 1, 2, 2].entries()) {
      const line = combinedLine({ ms: Date.parse(`2026-03-0${(day % 2) + 1}T10:00:00Z`) });
      writeFileSync(join(folder, "site.log"), `${line}\n`);
      const named = ["--node", `web0${machine}`, "--domain-from-file", "{domain}.log", "site.log"];
      await run(machine, "2026-03-03T00:00:00Z", "ingest", ...named);
    }
    await run(1, "2026-03-03T01:00:00Z", "ledger", "checkpoint");
    const key = await run(2, undefined, "ledger", "key");
    await run(1, "2026-03-03T02:00:00Z", "ledger", "accept", key, "--name", "web-2");
    await run(1, "2026-03-09T02:17:00Z", "retention", "run");
    await run(2, "2026-03-12T02:17:00Z", "retention", "run");
    await run(1, "2026-03-12T14:00:00Z", "retention", "run");
    const head = await run(2, "2026-03-12T15:00:00Z", "ledger", "checkpoint");
    await run(1, undefined, "ledger", "verify", "--head", head);
    await run(1, undefined, "ledger", "copy", "copy");
    const identity = JSON.parse(readFileSync(join(folder, "store", "published", "store.json"), "utf8")) as {
      id: string;
    };
    const signerOf = (machine: number): RecordSigner =>
      createRecordSigner(identity.id, readFileSync(join(folder, `state${machine}`, "ledger-key.pem")));
    return {
      copy: join(folder, "copy"),
      folder,
      storeId: identity.id,
      head,
      first: signerOf(1),
      second: signerOf(2),
      end: () => rm(folder, { recursive: true, force: true }),
    };
  } finally {
    await hostlog.end();
  }
}

type Run = (machine: number, now: string | undefined, ...words: readonly string[]) => Promise<string>;

/** Throws with what the program said when it did not end well. */
function runIn(hostlog: WarmHostlog, directory: string): Run {
  return async (machine, now, ...words) => {
    const clock = now === undefined ? [] : ["--now", now];
    const args = [...words, "--config", `machine${machine}.yaml`, ...clock];
    const { status, stdout, stderr } = await hostlog.run(args, { directory });
    if (status !== 0) throw new Error(`hostlog ${args.join(" ")} ended with ${status}: ${stdout}${stderr}`);
    return stdout.trim();
  };
}
