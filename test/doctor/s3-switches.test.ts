import { describe, expect, it } from "vitest";
import { exitCodeOf } from "../../src/doctor/finding.ts";
import { renderReportText } from "../../src/doctor/render-report.ts";
import type { S3Server } from "../support/s3-server.ts";
import {
  abortRule,
  bucketOf,
  examineOne,
  lifecycle,
  onServer,
  openDoctorWorld,
  roots,
  startHealthyServer,
} from "./doctor-world.ts";

// What each way in which a server may differ from a good one is called, and what is said to follow from it.

type Change = (server: S3Server) => void;

const set =
  (root: string, name: string, body: string): Change =>
  ({ settings }) =>
    settings.set(`${bucketOf(root)}?${name}`, { body });

const unset =
  (root: string, name: string): Change =>
  ({ settings }) =>
    settings.delete(`${bucketOf(root)}?${name}`);

const expiry = (days: number, prefix = "hosting/"): string =>
  `<Rule><ID>old</ID><Status>Enabled</Status><Filter><Prefix>${prefix}</Prefix></Filter><Expiration><Days>${days}</Days></Expiration></Rule>`;

const archive =
  "<Rule><ID>cold</ID><Status>Enabled</Status><Filter><Prefix></Prefix></Filter><Transition><Days>30</Days><StorageClass>GLACIER</StorageClass></Transition></Rule>";

const lock =
  "<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled></ObjectLockConfiguration>";

const openToAll =
  '<AccessControlPolicy><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group">' +
  "<URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>";

const tiering =
  "<ListBucketIntelligentTieringConfigurationsOutput><IsTruncated>false</IsTruncated><IntelligentTieringConfiguration><Id>cold</Id><Status>Enabled</Status><Tiering><AccessTier>DEEP_ARCHIVE_ACCESS</AccessTier><Days>180</Days></Tiering></IntelligentTieringConfiguration></ListBucketIntelligentTieringConfigurationsOutput>";

const publicPolicy = "<PolicyStatus><IsPublic>true</IsPublic></PolicyStatus>";

function refuseBatches(server: S3Server): void {
  const refusal = { kind: "error", status: 400, code: "MissingContentMD5" } as const;
  server.inject("DeleteObjects", ...Array.from({ length: 100 }, () => refusal));
}

const all =
  (...changes: readonly Change[]): Change =>
  (server) => {
    for (const change of changes) change(server);
  };

const noChange: Change = () => {};

const cases: readonly (readonly [
  says: string,
  change: Change,
  root: "raw" | "ledger",
  finding: string,
  words: string,
])[] = [
  ["it is as it should be", noChange, "raw", "ok create", "never replaced"],
  ["If-None-Match is ignored", (s) => (s.ignoresConditions = true), "raw", "refused create", "lines lost"],
  [
    "creations at once all win",
    (s) => (s.isCreateRacy = true),
    "ledger",
    "refused atomic",
    "without versioning",
  ],
  ["checksums are ignored", (s) => (s.ignoresChecksums = true), "raw", "warning checksum", "ETag"],
  ["listings lag", (s) => (s.listsBehindMs = 60_000), "ledger", "refused list", "twice"],
  ["listings lag", (s) => (s.listsBehindMs = 60_000), "raw", "warning list", "newest objects"],
  ["the clock is ahead", (s) => (s.clockSkewMs = 120_000), "raw", "warning clock", "ahead of"],
  ["the clock is behind", (s) => (s.clockSkewMs = -400_000), "raw", "refused clock", "no purge"],
  ["the clock is an hour behind", (s) => (s.clockSkewMs = -3_600_000), "raw", "refused clock", "behind"],
  [
    "versions are kept",
    (s) => s.versioning.set("logs-ledger", "Enabled"),
    "ledger",
    "refused versioning",
    "fork",
  ],
  [
    "versions are kept",
    (s) => s.versioning.set("logs-raw", "Enabled"),
    "raw",
    "warning versioning",
    "each of them",
  ],
  [
    "versions were kept",
    (s) => s.versioning.set("logs-raw", "Suspended"),
    "raw",
    "warning versioning",
    "Older copies",
  ],
  ["batches are refused", refuseBatches, "raw", "warning delete", "single deletes"],
  [
    "objects can be replaced",
    (s) => (s.allowsOverwrites = true),
    "raw",
    "warning replace",
    "verify finds a replaced object",
  ],
  [
    "objects can be locked",
    set("raw", "object-lock", lock),
    "raw",
    "refused object-lock",
    "destroyed in time",
  ],
  ["objects can be locked", set("ledger", "object-lock", lock), "ledger", "warning object-lock", "versions"],
  [
    "the bucket is missing",
    (s) => s.missingBuckets.add("logs-raw"),
    "raw",
    "refused reach",
    "no such bucket",
  ],
  [
    "a rule expires early",
    set("raw", "lifecycle", lifecycle(expiry(730))),
    "raw",
    "refused expiry-rules",
    "tampering",
  ],
  [
    "a rule expires soon behind the term",
    set("raw", "lifecycle", lifecycle(expiry(737))),
    "raw",
    "warning expiry-rules",
    "a month behind",
  ],
  [
    "a rule expires late",
    set("raw", "lifecycle", lifecycle(abortRule, expiry(738))),
    "raw",
    "ok expiry-rules",
    "A backstop",
  ],
  [
    "versions are removed with a second factor",
    set(
      "raw",
      "versioning",
      "<VersioningConfiguration><Status>Enabled</Status><MfaDelete>Enabled</MfaDelete></VersioningConfiguration>",
    ),
    "raw",
    "refused mfa-delete",
    "switch MFA delete off",
  ],
  [
    "objects are copied elsewhere",
    set("raw", "replication", replication("")),
    "raw",
    "refused replication",
    "logs-copy",
  ],
  [
    "the ledger is copied elsewhere",
    set("ledger", "replication", replication("")),
    "ledger",
    "ok replication",
    "logs-copy",
  ],
  [
    "what is beside the root is copied elsewhere",
    set("raw", "replication", replication("beside/")),
    "raw",
    "ok replication",
    "one copy",
  ],
  [
    "seldom read objects go into an archive",
    set("raw", "intelligent-tiering", tiering),
    "raw",
    "warning tiering",
    "DEEP_ARCHIVE_ACCESS",
  ],
  [
    "a rule expires the ledger",
    set("ledger", "lifecycle", lifecycle(expiry(9999))),
    "ledger",
    "refused expiry-rules",
    "for ever",
  ],
  [
    "a rule is for others",
    set("raw", "lifecycle", lifecycle(abortRule, expiry(1, "other/"))),
    "raw",
    "ok expiry-rules",
    "Nothing but hostlog",
  ],
  [
    "a rule archives",
    set("raw", "lifecycle", lifecycle(abortRule, archive)),
    "raw",
    "warning archive-rules",
    "GLACIER",
  ],
  [
    "no rule aborts uploads",
    unset("raw", "lifecycle"),
    "raw",
    "warning upload-rule",
    "AbortIncompleteMultipartUpload",
  ],
  [
    "the list is public",
    all(unset("raw", "publicAccessBlock"), set("raw", "acl", openToAll)),
    "raw",
    "refused public-access",
    "access list",
  ],
  [
    "the list is public and blocked",
    set("raw", "acl", openToAll),
    "raw",
    "warning public-access",
    "lifts the block",
  ],
  [
    "the policy is public",
    all(unset("raw", "publicAccessBlock"), set("raw", "policyStatus", publicPolicy)),
    "raw",
    "refused public-access",
    "policy",
  ],
  [
    "strangers are answered",
    (s) => (s.may = () => true),
    "raw",
    "refused public-access",
    "without credentials",
  ],
  [
    "public access is not blocked",
    unset("raw", "publicAccessBlock"),
    "raw",
    "warning public-access",
    "block public access",
  ],
  ["nothing is encrypted", unset("raw", "encryption"), "raw", "warning encryption", "as they are"],
  ["nothing is encrypted", unset("ledger", "encryption"), "ledger", "ok encryption", "No visitor's address"],
];

function replication(prefix: string): string {
  return `<ReplicationConfiguration><Role>arn:aws:iam::1:role/copy</Role><Rule><ID>copy</ID><Status>Enabled</Status><Priority>1</Priority><Filter><Prefix>${prefix}</Prefix></Filter><Destination><Bucket>arn:aws:s3:::logs-copy</Bucket></Destination></Rule></ReplicationConfiguration>`;
}

describe("the doctor, of one root", () => {
  it.each(cases)("when %s (%#)", async (_says, change, root, expected, words) => {
    const server = await startHealthyServer();
    change(server);
    const findings = await examineOne(server, root);
    const [verdict = "", check = ""] = expected.split(" ");
    const found = findings.filter((finding) => finding.check === check);
    expect(found).toMatchObject([{ verdict }]);
    expect(found.map(({ fact, consequence }) => `${fact}. ${consequence}`).join()).toContain(words);
    const group = { subject: root, place: "", findings };
    const codes: Readonly<Record<string, readonly number[]>> = { refused: [78], warning: [2, 78], ok: [0] };
    expect(codes[verdict]).toContain(exitCodeOf([group], false));
  });
});

describe("the report", () => {
  it.each([
    ["healthy", noChange],
    ["terrible", makeTerrible],
  ])("of a %s server reads like this", async (name, change) => {
    const server = await startHealthyServer();
    change(server);
    const world = await openDoctorWorld(onServer(server));
    const { groups } = await world.doctor();
    // The folder of the state lies on a disk of this machine's.
    const text = renderReportText(groups.filter(({ subject }) => subject !== "state"))
      .replaceAll(server.endpoint, "http://127.0.0.1:PORT")
      .replaceAll(world.folder, "/var/lib/someone")
      .replaceAll(/in \d+ ms/g, "in N ms")
      .replaceAll(/is \d+ s ahead/g, "is N s ahead")
      .replaceAll(/at once \d succeeded/g, "at once N succeeded");
    await expect(text).toMatchFileSnapshot(`../golden/doctor/${name}.txt`);
  });
});

function makeTerrible(server: S3Server): void {
  server.settings.clear();
  all(
    refuseBatches,
    set("raw", "object-lock", lock),
    set("analytics", "lifecycle", lifecycle(expiry(30))),
  )(server);
  for (const root of roots) server.versioning.set(bucketOf(root), "Enabled");
  server.missingBuckets.add(bucketOf("published"));
  server.isCreateRacy = true;
  server.ignoresConditions = true;
  server.ignoresChecksums = true;
  server.allowsOverwrites = true;
  server.clockSkewMs = 400_000;
  server.may = () => true;
}
