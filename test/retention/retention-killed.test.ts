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
  const terms = "classes: { standard: 1d }\nquarantine: { term: 1d }";
  await writeFile(
    join(folder, "hostlog.yaml"),
    `node: web-1\nstore: s3://logs/hosting\nstate: ${join(folder, "state")}\ns3: ${s3}\n${terms}\n`,
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
      if (killer.signal.aborted || asked !== operation || !key.endsWith(name)) return true;
      killer.abort();
      return false;
    };
    expect(await run(purge, killer.signal)).toMatchObject({ signal: "SIGKILL" });
  };

  expect(await run(["init", "--small", "--now", "2026-11-22"])).toMatchObject({ status: 0 });
  for (const view of ["raw", "analytics"] as const) {
    server.objects.set(`logs/hosting/${view}/${keyOf(view, "2026-11-21")}`, Buffer.from("sealed or not"));
  }
  const made = ["keys-made", "recipients-published"];
  const stored = objectsOf(server);
  expect(stored).toHaveLength(2);

  await runUntil("PutObject", "control/000000000003.json");
  expect([kindsOf(server), objectsOf(server)]).toEqual([made, stored]);
  await runUntil("DeleteObjects", "");
  expect([kindsOf(server), objectsOf(server)]).toEqual([[...made, "keys-destroyed"], stored]);
  await runUntil("PutObject", "control/000000000004.json");
  expect(kindsOf(server)).toEqual([...made, "keys-destroyed"]);

  expect(await run(purge)).toMatchObject({ status: 0 });
  expect(kindsOf(server)).toEqual([...made, "keys-destroyed", "purge", "purge"]);
  expect(objectsOf(server)).toEqual([]);
}, 120_000);

function objectsOf({ objects }: S3Server): readonly string[] {
  return [...objects.keys()].filter((key) => /\/(?:raw|analytics|quarantine)\//.test(key));
}

/** Of the records of the control chain, in order. */
function kindsOf({ objects }: S3Server): readonly string[] {
  return [...objects]
    .filter(([key]) => key.includes("/chains/control/"))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, bytes]) => (JSON.parse(bytes.toString()) as { body: { kind: string } }).body.kind);
}
