import { publishByClaim, publishFile } from "../../src/store/folder/publish-file.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";

// Run as a child process that is killed: creates objects, and writes each one's key once it is created.
const [root = "", first = "0", way = "link"] = process.argv.slice(2);
const store = createFolderStore(root, "file:///test", way === "link" ? publishFile : publishByClaim);
for (let index = Number(first); ; index++) {
  const key = `dt=2026-11-${10 + (index % 9)}/${index}`;
  await store.create(key, new Uint8Array(200_000).fill(index & 0xff));
  process.stdout.write(`${key}\n`);
}
