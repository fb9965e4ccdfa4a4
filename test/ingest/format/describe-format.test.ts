import { expect, it } from "vitest";
import { compileNginx } from "../../../ingest/format/compile-nginx.ts";
import { describeFormat } from "../../../ingest/format/describe-format.ts";

it("describeFormat says for each part what becomes of it", () => {
  const format = compileNginx(
    '$remote_addr [$time_local] "$request" "$http_host" $host$request_uri $cookie_id',
  );
  expect(describeFormat(format)).toEqual([
    "$remote_addr: client",
    "$time_local: time",
    "$request: method, path, query, protocol",
    "$http_host: requestHost",
    "$host$request_uri: not kept",
    "$cookie_id: not kept",
  ]);
});
