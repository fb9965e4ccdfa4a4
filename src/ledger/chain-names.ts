import type { ObjectStore } from "../store/object-store.ts";

const PREFIX = "chains/";

/** The names of all chains, in ascending order: one listing for each, however long it is. */
export async function chainNames(ledger: ObjectStore): Promise<readonly string[]> {
  const names: string[] = [];
  let startAfter: string | undefined;
  for (;;) {
    const found = await firstNameAfter(ledger, startAfter);
    if (found === undefined) return names;
    names.push(found);
    // "0" is the character behind "/": what is left of this chain is skipped.
    startAfter = `${PREFIX}${found}0`;
  }
}

async function firstNameAfter(
  ledger: ObjectStore,
  startAfter: string | undefined,
): Promise<string | undefined> {
  for await (const { key } of ledger.list(PREFIX, startAfter === undefined ? {} : { startAfter })) {
    return key.slice(PREFIX.length).split("/")[0];
  }
  return undefined;
}
