import { createHash, randomBytes, randomInt } from "node:crypto";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { inParallel } from "../../src/in-parallel.ts";
import type { Creation, ObjectStore } from "../../src/store/object-store.ts";

/** One creation that writers tried, and what they were told of it. */
export interface Written {
  readonly key: string;
  /** Of the bytes that were sent. */
  readonly sha256: string;
  /** "try-again": it failed with the word to try again. "broken": in any other way, which it never should. */
  readonly outcome: Creation | "try-again" | "broken";
  readonly startedMs: number;
  readonly endedMs: number;
  readonly error?: unknown;
}

export interface WriteLoad {
  /** Resolves when so many more were created than by now; rejects when a writer met what it never should. */
  more(creations: number): Promise<void>;
  /** Lets the writers end what they have begun. */
  stop(): Promise<readonly Written[]>;
}

/** Writers that create objects of 0.2 to 60 KB under keys of their own, one after another, until they are stopped. */
export function startWriteLoad(store: ObjectStore, writers: number): WriteLoad {
  const written: Written[] = [];
  const waiting = new Set<() => void>();
  let isStopped = false;
  const write = async (writer: number): Promise<void> => {
    for (let number = 0; !isStopped; number++) {
      const one = await createOne(store, `dt=2026-01-01/${writer}-${number}`);
      written.push(one);
      if (one.outcome === "broken") isStopped = true;
      for (const look of waiting) look();
    }
  };
  const ended = Promise.all(Array.from({ length: writers }, (_, writer) => write(writer)));
  const created = (): number => written.filter(({ outcome }) => outcome === "created").length;
  return {
    more(creations) {
      const enough = created() + creations;
      return new Promise((resolve, reject) => {
        const look = (): void => {
          const broken = written.find(({ outcome }) => outcome === "broken");
          if (broken === undefined && created() < enough) return;
          waiting.delete(look);
          if (broken === undefined) resolve();
          else reject(broken.error);
        };
        waiting.add(look);
        look();
      });
    },
    async stop() {
      isStopped = true;
      await ended;
      return written;
    },
  };
}

async function createOne(store: ObjectStore, key: string): Promise<Written> {
  const body = randomBytes(randomInt(200, 60_000));
  const startedMs = performance.now();
  const attempt = { key, sha256: createHash("sha256").update(body).digest("hex"), startedMs };
  try {
    const outcome = await store.create(key, body);
    return { ...attempt, outcome, endedMs: performance.now() };
  } catch (error) {
    const mayPass = error instanceof UserError && error.exitCode === exitCode.tryAgain;
    return { ...attempt, outcome: mayPass ? "try-again" : "broken", endedMs: performance.now(), error };
  }
}

/** Of a load, against what lies in the store afterwards: keys, in no order. All but the last three should be empty. */
export interface LoadResult {
  /** Acknowledged, and not there, or not listed. */
  readonly lost: readonly string[];
  /** There with other bytes than were sent, whatever the writer was told. */
  readonly wrong: readonly string[];
  /** Listed, though nobody wrote it. */
  readonly alien: readonly string[];
  /** Said to have been there before, though each key has one writer. */
  readonly mistaken: readonly string[];
  /** Failed in another way than with the word to try again. */
  readonly broken: readonly string[];
  readonly created: readonly string[];
  /** Said to be uncertain, or failed; of these some may be there. */
  readonly unsure: readonly string[];
  readonly storedUnsure: readonly string[];
}

/** Reads back every object, by a store that has seen nothing of the writing. */
export async function checkLoad(store: ObjectStore, written: readonly Written[]): Promise<LoadResult> {
  const stored = await hashAll(store);
  const keys = (of: Iterable<{ readonly key: string }>): readonly string[] => [...of].map(({ key }) => key);
  const unsure = written.filter(({ outcome }) => outcome === "uncertain" || outcome === "try-again");
  const ours = new Set(keys(written));
  const mustBeThere = written.filter(({ outcome }) => outcome === "created" || outcome === "uncertain");
  return {
    lost: keys(mustBeThere.filter(({ key }) => !stored.has(key))),
    wrong: keys(written.filter(({ key, sha256 }) => stored.has(key) && stored.get(key) !== sha256)),
    alien: [...stored.keys()].filter((key) => !ours.has(key)),
    mistaken: keys(written.filter(({ outcome }) => outcome === "exists")),
    broken: keys(written.filter(({ outcome }) => outcome === "broken")),
    created: keys(written.filter(({ outcome }) => outcome === "created")),
    unsure: keys(unsure),
    storedUnsure: keys(unsure.filter(({ key }) => stored.has(key))),
  };
}

/** The SHA-256 of every object that is listed. */
async function hashAll(store: ObjectStore): Promise<ReadonlyMap<string, string>> {
  const keys: string[] = [];
  for await (const { key } of store.list("")) keys.push(key);
  const hashes = new Map<string, string>();
  await inParallel(keys, 8, async (key) => {
    hashes.set(
      key,
      createHash("sha256")
        .update(await store.read(key))
        .digest("hex"),
    );
  });
  return hashes;
}
