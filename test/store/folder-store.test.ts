import { mkdir, mkdtemp, rm, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type PublishFile, publishByClaim } from "../../src/store/folder/publish-file.ts";
import { createFolderStore } from "../../src/store/folder-store.ts";
import {
  describeObjectStore,
  describeRemoveFailures,
  type RefusingFixture,
} from "../contract/object-store.ts";

async function openFolder(publish?: PublishFile): Promise<RefusingFixture> {
  const parent = await mkdtemp(join(tmpdir(), "hostlog-folder-store-"));
  const root = join(parent, "root");
  return {
    store: createFolderStore(root, pathToFileURL(root).href, publish),
    async refuseRemoval(key) {
      await unlink(join(root, key));
      await mkdir(join(root, key));
    },
    dispose: () => rm(parent, { recursive: true }),
  };
}

describeObjectStore("the folder store", () => openFolder());
describeRemoveFailures("the folder store", () => openFolder());
describeObjectStore("the folder store without hard links", () => openFolder(publishByClaim), {
  histories: 5,
});
