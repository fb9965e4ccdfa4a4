// hostlog ingest with a spool that breaks its promise: an entry's record is there before what it speaks of.
// test/long/kill.test.ts must notice that.
import { mkdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createSpool } from "../../dist/ingest/io/spool.js";
import { createOpenContext } from "../../dist/src/commands/context.js";
import { ingestCommand } from "../../dist/src/commands/ingest.js";

function createBrokenSpool(directory) {
  return {
    ...createSpool(directory),
    async add({ record, objects, manifest }) {
      const folder = join(directory, record.batch);
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await writeFile(join(folder, "record.json"), JSON.stringify(record));
      for (const [index, bytes] of objects.entries()) {
        // As long as a disk under load may take for a sync.
        await sleep(2);
        await writeFile(join(folder, `object-${index}`), bytes);
      }
      await writeFile(join(folder, "manifest.json.gz"), manifest);
    },
  };
}

const openContext = createOpenContext({
  environment: process.env,
  workingDirectory: process.cwd(),
  homeDirectory: homedir(),
  hostName: "web01",
  isSuperuser: false,
  clock: Date.now,
  stdout: process.stdout,
  stderr: process.stderr,
  signal: new AbortController().signal,
});
const command = ingestCommand(openContext, createBrokenSpool);
await command.parseAsync(process.argv.slice(3), { from: "user" });
