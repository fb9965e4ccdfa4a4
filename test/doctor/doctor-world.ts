import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { onTestFinished, vi } from "vitest";
import { createOpenContext } from "../../src/commands/context.ts";
import { doctorCommand } from "../../src/commands/doctor.ts";
import type { Finding, FindingGroup, RootName, Subject } from "../../src/doctor/finding.ts";
import { examineRoot } from "../../src/doctor/io/examine-root.ts";
import { judgeServer } from "../../src/doctor/judge-server.ts";
import { UserError } from "../../src/errors.ts";
import { type CommandWorld, createCommandWorld, runCommand } from "../support/command-world.ts";
import { type S3Server, startS3Server } from "../support/s3-server.ts";

export const roots = ["raw", "analytics", "quarantine", "ledger", "published"] as const;

/** A server whose buckets, one for each root and named after it, are set up as they should be. */
export async function startHealthyServer(): Promise<S3Server> {
  vi.stubEnv("AWS_ACCESS_KEY_ID", "test");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "test");
  const server = await startS3Server();
  onTestFinished(async () => {
    vi.unstubAllEnvs();
    await server.close();
  });
  for (const root of roots) {
    server.settings.set(`${bucketOf(root)}?publicAccessBlock`, { body: wholeBlock });
    server.settings.set(`${bucketOf(root)}?lifecycle`, { body: lifecycle(abortRule) });
    server.settings.set(`${bucketOf(root)}?encryption`, { body: encryption("aws:kms") });
  }
  letIn(server);
  return server;
}

export function bucketOf(root: string): string {
  return `logs-${root}`;
}

/** Lets in who has credentials, as far as `may` says; the server itself looks at no signature. */
export function letIn(server: S3Server, may: S3Server["may"] = () => true): void {
  server.may = (operation, name, query) =>
    server.requests.at(-1)?.headers.authorization !== undefined && may(operation, name, query);
}

const wholeBlock = `<PublicAccessBlockConfiguration>${[
  "BlockPublicAcls",
  "IgnorePublicAcls",
  "BlockPublicPolicy",
  "RestrictPublicBuckets",
]
  .map((name) => `<${name}>true</${name}>`)
  .join("")}</PublicAccessBlockConfiguration>`;

export const abortRule =
  "<Rule><ID>uploads</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter>" +
  "<AbortIncompleteMultipartUpload><DaysAfterInitiation>1</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule>";

export function lifecycle(...rules: readonly string[]): string {
  return `<LifecycleConfiguration>${rules.join("")}</LifecycleConfiguration>`;
}

function encryption(algorithm: string): string {
  return (
    "<ServerSideEncryptionConfiguration><Rule><ApplyServerSideEncryptionByDefault>" +
    `<SSEAlgorithm>${algorithm}</SSEAlgorithm></ApplyServerSideEncryptionByDefault></Rule></ServerSideEncryptionConfiguration>`
  );
}

export interface Examined {
  readonly status: number;
  readonly groups: readonly FindingGroup[];
  /** The findings of one place under one name. */
  find(subject: Subject, check: string): readonly Finding[];
  /** `verdict check` of all that is not well there. */
  troubles(subject: Subject): readonly string[];
}

export interface DoctorWorld extends CommandWorld {
  doctor(...words: readonly string[]): Promise<Examined>;
}

/** A config of its own, `lines` of which are given, with the state in its folder. */
export async function openDoctorWorld(
  lines: readonly string[],
  change: Parameters<typeof createCommandWorld>[0] = {},
): Promise<DoctorWorld> {
  const world = await createCommandWorld(change);
  onTestFinished(() => world.end());
  const file = join(world.folder, "hostlog.yaml");
  await writeFile(file, ["node: web-1", ...lines, ""].join("\n"));
  return {
    ...world,
    async doctor(...words) {
      const command = doctorCommand(createOpenContext(world.surroundings));
      let status = 0;
      try {
        await runCommand(command, "--config", file, "--output", "json", ...words);
      } catch (error) {
        if (!(error instanceof UserError)) throw error;
        status = error.exitCode;
      }
      return read(status, world.takeOutput());
    },
  };
}

/** The config for a server: each root has its bucket. */
export function onServer(server: S3Server, ...more: readonly string[]): readonly string[] {
  return [
    `s3: { endpoint: "${server.endpoint}", region: us-east-1, force_path_style: true${more.map((one) => `, ${one}`).join("")} }`,
    "stores:",
    ...roots.map((root) => `  ${root}: s3://${bucketOf(root)}/hosting`),
  ];
}

function read(status: number, text: string): Examined {
  const { groups } = JSON.parse(text) as { readonly groups: readonly FindingGroup[] };
  const of = (subject: Subject): readonly Finding[] =>
    groups.find((group) => group.subject === subject)?.findings ?? [];
  return {
    status,
    groups,
    find: (subject, check) => of(subject).filter((finding) => finding.check === check),
    troubles: (subject) =>
      of(subject)
        .filter(({ verdict }) => verdict !== "ok")
        .map(({ verdict, check }) => `${verdict} ${check}`),
  };
}

/** What the doctor says of one root of the server, and of the server itself. */
export async function examineOne(server: S3Server, subject: RootName): Promise<readonly Finding[]> {
  const { group, sighting } = await examineRoot({
    subject,
    url: `s3://${bucketOf(subject)}/hosting`,
    settings: { endpoint: server.endpoint, region: "us-east-1", forcePathStyle: true },
    openStore: () => Promise.reject(new Error("a bucket is no folder")),
    termDays: subject === "ledger" ? undefined : 731,
    writes: true,
    fixedKey: undefined,
    nowMs: Date.now(),
    signal: new AbortController().signal,
  });
  return [...judgeServer(sighting?.server), ...group.findings];
}
