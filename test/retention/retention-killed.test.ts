import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { keyOf } from "../support/purge-objects.ts";
import { type Finished, runHostlog } from "../support/run-hostlog.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";
import { temporaryFolder } from "../support/temporary-folder.ts";

it("retention run comes to its end wherever it was killed between keys and objects", async () => {
  const server = await startS3Server();
  onTestFinished(() => server.close());
  const folder = await temporaryFolder();
  const s3 = `{ endpoint: "${server.endpoint}", region: us-east-1, force_path_style: true }`;
  await writeFile(
    join(folder, "hostlog.yaml"),
    `node: web-1\nstore: s3://logs/hosting\nstate: ${join(folder, "state")}\ns3: ${s3}\n`,
  );
  const run = (words: readonly string[], killOn?: AbortSignal): Promise<Finished> =>
    runHostlog(words, {
      directory: folder,
      environment: { AWS_ACCESS_KEY_ID: "AKIDEXAMPLE", AWS_SECRET_ACCESS_KEY: "secret" },
      ...(killOn === undefined ? {} : { killOn }),
    });
  const purge = ["retention", "run", "--now", "2026-11-23"];
  /** It is dead before the answer comes, which is that nothing was done. */
  const runUntil = async (operation: string, name: string): Promise<void> => {
    const killer = new AbortController();
    server.may = (asked, key) => {
      if (killer.signal.aborted || asked !== operation || !key.includes(name)) return true;
      killer.abort();
      return false;
    };
    expect(await run(purge, killer.signal)).toMatchObject({ signal: "SIGKILL" });
  };

  expect(await run(["init", "--small", "--now", "2026-11-22"])).toMatchObject({ status: 0 });
  for (const view of ["raw", "analytics"] as const) {
    server.objects.set(`logs/hosting/${view}/${keyOf(view, "2024-11-22")}`, Buffer.from("sealed or not"));
  }
  const made = ["keys-made", "recipients-published"];
  const stored = objectsOf(server);
  expect(stored).toHaveLength(2);

  // The lease, the policy and the plan come first.
  await runUntil("PutObject", `control/${nameOf(countRecords(server) + 4)}`);
  const planned = [...made, "retention-policy", "purge-planned"];
  expect([kindsOf(server), objectsOf(server)]).toEqual([planned, stored]);
  await runUntil("DeleteObjects", "");
  const begun = [...planned, "keys-destroyed", "purge-begun"];
  expect([kindsOf(server), objectsOf(server)]).toEqual([begun, stored]);
  await runUntil("PutObject", `control/${nameOf(countRecords(server) + 2)}`);
  expect(kindsOf(server)).toEqual(begun);
  expect(objectsOf(server)).toHaveLength(1);

  expect(await run(purge)).toMatchObject({ status: 0 });
  expect(kindsOf(server)).toEqual([
    ...begun,
    "purge-certificate",
    "purge-begun",
    "purge-certificate",
    "retention-ran",
  ]);
  expect(objectsOf(server)).toEqual([]);
}, 120_000);

function objectsOf({ objects }: S3Server): readonly string[] {
  return [...objects.keys()].filter((key) => /\/(?:raw|analytics|quarantine)\//.test(key));
}

/** Of the records of the control chain, in order; without who writes it. */
function kindsOf(server: S3Server): readonly string[] {
  return recordsOf(server).filter((kind) => !kind.startsWith("lease") && kind !== "writer-accepted");
}

function countRecords(server: S3Server): number {
  return recordsOf(server).length;
}

function nameOf(sequence: number): string {
  return `${String(sequence).padStart(12, "0")}.json`;
}

function recordsOf({ objects }: S3Server): readonly string[] {
  return [...objects]
    .filter(([key]) => key.includes("/chains/control/"))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([, bytes]) =>
        (JSON.parse(bytes.toString().split("\n")[0] ?? "") as { body: { kind: string } }).body.kind,
    );
}
