import { randomUUID } from "node:crypto";
import { openS3Store } from "../../src/store/s3-store.ts";
import { describeObjectStore } from "../contract/object-store.ts";
import { listKeys } from "../support/list-keys.ts";

// The contract on a server that others wrote: HOSTLOG_TEST_S3_URL=s3://bucket/prefix names a place where
// objects may be made and removed; endpoint, region and credentials come from the AWS_ variables.
const [, bucket, prefix] = /^s3:\/\/([^/]+)\/(.+[^/])$/.exec(process.env["HOSTLOG_TEST_S3_URL"] ?? "") ?? [];
if (bucket === undefined || prefix === undefined) {
  throw new Error("set HOSTLOG_TEST_S3_URL to s3://bucket/prefix, and the usual AWS_ variables");
}

const settings = { endpoint: undefined, region: undefined, forcePathStyle: true };

describeObjectStore(
  "the S3 store on a real server",
  async () => {
    const store = await openS3Store({ bucket, prefix: `${prefix}/${randomUUID()}` }, settings);
    return {
      store,
      async dispose() {
        await store.remove(await listKeys(store));
      },
    };
  },
  { histories: 10 },
);
