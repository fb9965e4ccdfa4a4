import {
  AccessDeniedError,
  type ObjectDigest,
  ObjectNotFoundError,
  type ObjectStore,
} from "../store/object-store.ts";
import type { View } from "../view.ts";
import type { AuditState } from "./audit-state.ts";
import type { FindingSink } from "./finding.ts";
import { sha256StartOf } from "./object-table.ts";

export interface OtherMd5 {
  readonly view: View;
  readonly store: Pick<ObjectStore, "digest">;
  /** Of objects of the recorded size that are listed with another MD5. */
  readonly keys: readonly string[];
}

/**
 * Reads objects that are listed with another MD5 than the recorded one. A server that encrypts with keys of its own may list
 * something else that looks like an MD5: once the bytes of one are right, nothing more is concluded from that. Who may not read
 * is told so; any other trouble is thrown.
 */
export async function judgeOtherMd5(
  state: AuditState,
  { view, store, keys }: OtherMd5,
  sink: FindingSink,
): Promise<void> {
  for (const key of keys) {
    let digest: ObjectDigest;
    try {
      digest = await store.digest(key);
    } catch (error) {
      if (error instanceof ObjectNotFoundError) continue;
      if (!(error instanceof AccessDeniedError)) throw error;
      const what = `objects that are listed with another MD5 than recorded: ${keys.length}, the first is ${key}`;
      sink.add({ kind: "not-seen", view, message: `${what}; ${error.message}` });
      return;
    }
    const recorded = sha256StartOf(state.objects.columns, state.objects.find(view, key));
    if (digest.sha256.startsWith(recorded)) return;
    sink.add({ kind: "altered", view, key });
  }
}
