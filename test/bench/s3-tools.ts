import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { delimiter, join } from "node:path";

/** A program and its arguments. */
export type CommandLine = readonly [command: string, ...args: string[]];

/** A way to bring a folder to a prefix of a bucket, and back. */
export interface TransferTool {
  readonly name: string;
  upload(folder: string, url: string): CommandLine;
  /** Each way to fetch all that lies below a URL into an empty folder, by its name. */
  readonly downloads: Readonly<Record<string, (url: string, folder: string) => CommandLine>>;
}

/** The program's own store, by this file's `script` run in a process of its own. */
export function hostlogTool(script: string): TransferTool {
  const job = (kind: string, url: string, folder: string): CommandLine => [
    process.execPath,
    script,
    `--job=${kind}`,
    url,
    folder,
  ];
  return {
    name: "hostlog",
    upload: (folder, url) => job("create", url, folder),
    downloads: {
      "hostlog asFile": (url, folder) => job("asFile", url, folder),
      "hostlog read": (url, folder) => job("read", url, folder),
    },
  };
}

/** Several transfers at once (10, `max_concurrent_requests`), and large files in parts. */
export const awsTool: TransferTool = {
  name: "aws s3 cp",
  upload: (folder, url) => awsCopy(folder, url),
  downloads: { "aws s3 cp": (url, folder) => awsCopy(url, folder) },
};

function awsCopy(from: string, to: string): CommandLine {
  const endpoint = process.env["AWS_ENDPOINT_URL_S3"] ?? process.env["AWS_ENDPOINT_URL"];
  const where = endpoint === undefined ? [] : ["--endpoint-url", endpoint];
  return ["aws", ...where, "s3", "cp", "--recursive", "--only-show-errors", from, to];
}

/**
 * One transfer after the other. It takes keys from the environment and the server from its own config file,
 * which is written to `folder`.
 */
export async function s3cmdTool(folder: string): Promise<TransferTool> {
  const endpoint = new URL(process.env["AWS_ENDPOINT_URL"] ?? "https://s3.amazonaws.com");
  const config = join(folder, "s3cfg");
  const settings = {
    host_base: endpoint.host,
    host_bucket: endpoint.host,
    use_https: endpoint.protocol === "https:" ? "True" : "False",
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  await writeFile(config, `[default]\n${lines.join("\n")}\n`, { mode: 0o600 });
  const s3cmd = (...args: string[]): CommandLine => [
    "s3cmd",
    "--config",
    config,
    "--quiet",
    "--no-progress",
    ...args,
  ];
  return {
    name: "s3cmd",
    upload: (from, url) => s3cmd("put", "--recursive", `${from}/`, `${url}/`),
    downloads: { s3cmd: (url, to) => s3cmd("get", "--recursive", `${url}/`, `${to}/`) },
  };
}

/** True when a program of this name is found by PATH. */
export function isInstalled(program: string): boolean {
  const folders = (process.env["PATH"] ?? "").split(delimiter);
  return folders.some((folder) => folder !== "" && existsSync(join(folder, program)));
}
