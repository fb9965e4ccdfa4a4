import type * as fileSystem from "node:fs/promises";
import { resolve } from "node:path";

type Calls = typeof fileSystem;

/** A system call that changes what lies on the disk, or makes it last. `file` numbers what was opened. */
export type Call =
  | { readonly kind: "mkdir"; readonly path: string }
  | { readonly kind: "create"; readonly path: string; readonly file: number }
  | { readonly kind: "write"; readonly file: number; readonly bytes: Uint8Array }
  | { readonly kind: "sync-file"; readonly file: number }
  | { readonly kind: "sync-folder"; readonly path: string }
  | { readonly kind: "link" | "rename"; readonly from: string; readonly to: string }
  | { readonly kind: "remove"; readonly path: string }
  /** No call at all: from now on the object of this key must be there, must be gone, or either. */
  | { readonly kind: "promise"; readonly key: string; readonly isThere: boolean | undefined };

/** What is recorded of the real calls, and when they stop: a process that is dead makes none. */
export interface Recorder {
  readonly calls: Call[];
  /** So many further calls are made; the next one, and all behind it, throw. */
  callsLeft: number;
  /** Behind so many others, a call of this kind is made and then fails with this code: its answer got lost. */
  lostAnswer: { readonly kind: Call["kind"]; readonly behind: number; readonly code: string } | undefined;
}

export class Dead extends Error {}

/**
 * The functions of `node:fs/promises`, real as they are, with each call that changes something noted behind
 * its success. Files that are opened to write can only be written as a whole.
 */
export function recordingCalls(real: Calls, recorder: Recorder): Calls {
  let files = 0;

  const note = async <T>(call: (result: T) => Call, act: () => Promise<T>): Promise<T> => {
    if (recorder.callsLeft-- <= 0) throw new Dead();
    const result = await act();
    const noted = call(result);
    recorder.calls.push(noted);
    const lost = recorder.lostAnswer;
    if (lost === undefined || lost.kind !== noted.kind) return result;
    recorder.lostAnswer = lost.behind === 0 ? undefined : { ...lost, behind: lost.behind - 1 };
    if (lost.behind > 0) return result;
    throw Object.assign(new Error("the answer got lost"), { code: lost.code });
  };

  const open: Calls["open"] = async (path, flags, mode) => {
    const isNew = flags === "wx";
    const file = ++files;
    const handle = isNew
      ? await note(
          () => ({ kind: "create", path: resolve(String(path)), file }),
          () => real.open(path, flags, mode),
        )
      : await real.open(path, flags, mode);
    return new Proxy(handle, {
      get(target, name) {
        if (name === "sync") {
          return () =>
            note(
              () =>
                isNew ? { kind: "sync-file", file } : { kind: "sync-folder", path: resolve(String(path)) },
              () => target.sync(),
            );
        }
        if (name === "writeFile") {
          return (bytes: Uint8Array) =>
            note(
              () => ({ kind: "write", file, bytes }),
              () => target.writeFile(bytes),
            );
        }
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  };

  const removing =
    (act: (path: string) => Promise<void>) =>
    (path: Parameters<Calls["rmdir"]>[0]): Promise<void> =>
      note(
        () => ({ kind: "remove", path: resolve(String(path)) }),
        () => act(String(path)),
      );

  return {
    ...real,
    open,
    mkdir: recordedMkdir(real, note),
    link: (from, to) =>
      note(
        () => ({ kind: "link", from: resolve(String(from)), to: resolve(String(to)) }),
        () => real.link(from, to),
      ),
    rename: (from, to) =>
      note(
        () => ({ kind: "rename", from: resolve(String(from)), to: resolve(String(to)) }),
        () => real.rename(from, to),
      ),
    unlink: removing(real.unlink),
    rmdir: removing(real.rmdir),
    // Stores remove single files with it, and `force` says nothing of one that is not there.
    rm: (path, options) =>
      options?.recursive === true
        ? real.rm(path, options)
        : removing((file) => real.unlink(file).catch(ignoreMissing))(path),
  };
}

/** A recursive mkdir is one call for each folder that it makes. */
function recordedMkdir(
  real: Calls,
  note: <T>(call: (result: T) => Call, act: () => Promise<T>) => Promise<T>,
): Calls["mkdir"] {
  const make = async (
    path: string,
    options: { readonly recursive?: boolean; readonly mode?: number },
  ): Promise<string | undefined> => {
    const one = (): Promise<string> =>
      note(
        () => ({ kind: "mkdir", path: resolve(path) }),
        async () => {
          await real.mkdir(path, { mode: options.mode });
          return path;
        },
      );
    if (options.recursive !== true) return one();
    try {
      return await one();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EEXIST") return undefined;
      if (code !== "ENOENT") throw error;
      const firstMade = await make(resolve(path, ".."), options);
      await one();
      return firstMade ?? path;
    }
  };
  return make as Calls["mkdir"];
}

function ignoreMissing(error: unknown): void {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
}
