import { randomBytes } from "node:crypto";
import { Decrypter, Encrypter } from "age-encryption";
import { encodeIdentity, encodeRecipient } from "../../src/seal/age-text.ts";
import { openForIdentity } from "../../src/seal/open-bytes.ts";
import { sealBytes } from "../../src/seal/seal-bytes.ts";
import { generateIdentity } from "../../src/seal/x25519.ts";
import { median } from "./harness.ts";

/**
 * Sealing and opening here, and by the age-encryption package, of objects as large as ours are and of what a keyring
 * wraps: `npm run bench:seal`. Both take turns in one process, so that a machine which others use too slows both
 * alike; CPU time of all threads, since the package works on several.
 */
const { identity, recipient } = generateIdentity();

const encrypter = new Encrypter();
encrypter.addRecipient(encodeRecipient(recipient));
const decrypter = new Decrypter();
decrypter.addIdentity(encodeIdentity(identity));

const isQuick = process.argv.includes("--quick");
const rounds = isQuick ? 1 : 7;
const roundBytes = isQuick ? 20_000_000 : 60_000_000;
const roundKeys = isQuick ? 50 : 200;

type Work = () => unknown;

interface Comparison {
  readonly name: string;
  readonly own: Work;
  readonly others: Work;
  /** How often in a round. */
  readonly times: number;
  /** How much each time: megabytes, or keys. */
  readonly amount: number;
}

/** In one CPU second. */
async function speedOf(work: Work, { times, amount }: Comparison): Promise<number> {
  globalThis.gc?.();
  const before = process.cpuUsage();
  for (let i = 0; i < times; i++) await work();
  const { user, system } = process.cpuUsage(before);
  return (times * amount * 1e6) / (user + system);
}

async function compare(comparison: Comparison): Promise<void> {
  const runs: { readonly own: number; readonly others: number }[] = [];
  // The first round compiles code, and is not counted.
  for (let round = 0; round <= rounds; round++) {
    const own = await speedOf(comparison.own, comparison);
    const others = await speedOf(comparison.others, comparison);
    if (round > 0) runs.push({ own, others });
  }
  const cells = [
    comparison.name,
    median(runs.map((run) => run.own)).toFixed(0),
    median(runs.map((run) => run.others)).toFixed(0),
    median(runs.map((run) => run.own / run.others)).toFixed(1),
  ];
  process.stdout.write(`| ${cells.join(" | ")} |\n`);
}

/** Of a day's identity as text, which is what a keyring wraps, and of whole objects. */
async function compareSizes(): Promise<void> {
  for (const [label, sizeBytes] of [
    ["key", 75],
    ["200 kB", 200_000],
    ["1 MiB", 1_048_576],
    ["20 MB", 20_000_000],
  ] as const) {
    const plain = randomBytes(sizeBytes);
    const sealed = sealBytes(plain, [recipient]);
    const isKey = label === "key";
    const amount = isKey ? 1 : sizeBytes / 1e6;
    const times = isKey ? roundKeys : Math.max(1, Math.round(roundBytes / sizeBytes));
    await compare({
      name: isKey ? "wrap a key: keys" : `seal ${label}: MB`,
      own: () => sealBytes(plain, [recipient]),
      others: () => encrypter.encrypt(plain),
      times,
      amount,
    });
    await compare({
      name: isKey ? "unwrap a key: keys" : `open ${label}: MB`,
      own: () => openForIdentity(sealed, identity),
      others: () => decrypter.decrypt(sealed),
      times,
      amount,
    });
  }
}

process.stdout.write("| in a CPU second | hostlog | age-encryption | ratio |\n| --- | --- | --- | --- |\n");
await compareSizes();
