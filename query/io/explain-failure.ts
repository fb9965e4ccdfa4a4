import { access } from "node:fs/promises";
import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";
import { literalPath } from "../compile-source.ts";
import type { CompiledQuery } from "../compiled-query.ts";
import { completeness } from "../completeness.ts";
import { type Engine, openEngine } from "./open-engine.ts";

export interface FailedStatement {
  readonly error: unknown;
  /** Local path and key of each object it read. */
  readonly objects: readonly { readonly path: string; readonly key: string }[];
  readonly rowsGiven: number;
  readonly storeUrl: string;
  readonly signal: AbortSignal;
}

/**
 * The error to throw for a statement that failed: a UserError that names the object that is damaged or was
 * removed, or says that the answer does not fit into memory; else the engine's own, which is then a bug.
 * Each object is read alone, because the engine's message does not always name it.
 */
export async function explainFailure(failed: FailedStatement): Promise<unknown> {
  const { error, objects, storeUrl, signal } = failed;
  signal.throwIfAborted();
  if (!(error instanceof Error)) return error;
  const explain = (message: string, code: UserError["exitCode"]): UserError =>
    new UserError(`${message}. ${completeness(failed.rowsGiven)}`, code, { cause: error });
  if (error.message.startsWith("Out of Memory Error")) {
    return explain(
      "the answer needs more memory than a look-up may take: ask for less time or add a filter",
      exitCode.usage,
    );
  }
  for (const { path, key } of objects) {
    if (await isGone(path)) {
      return explain(
        `the object ${key} of ${storeUrl} was removed while it was read: ask again`,
        exitCode.tryAgain,
      );
    }
  }
  const damaged = await findDamaged(objects, signal);
  if (damaged === undefined) return error;
  return explain(
    `the object ${damaged} of ${storeUrl} is damaged or is no Parquet file: restore it from a copy`,
    exitCode.integrity,
  );
}

async function isGone(path: string): Promise<boolean> {
  return access(path).then(
    () => false,
    () => true,
  );
}

async function findDamaged(
  objects: FailedStatement["objects"],
  signal: AbortSignal,
): Promise<string | undefined> {
  const files = objects.map(({ path }) => path);
  const engine = await openEngine(files, signal);
  try {
    for (const { path, key } of objects) if (!(await canRead(engine, path, signal))) return key;
    return undefined;
  } finally {
    engine.close();
  }
}

/** Reads every value. The statement knows nothing of a schema, so that a mistake in ours is not called damage. */
async function canRead(engine: Engine, path: string, signal: AbortSignal): Promise<boolean> {
  const query: CompiledQuery = {
    sql: "SELECT bit_xor(hash(COLUMNS(*))) FROM read_parquet($1, hive_partitioning = false)",
    parameters: [literalPath(path)],
  };
  try {
    const rows = engine.rows(query);
    while ((await rows.next()).done !== true) signal.throwIfAborted();
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof Error) return false;
    throw error;
  }
}
