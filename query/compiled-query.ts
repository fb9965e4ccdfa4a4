/** What travels beside the SQL: texts, numbers, 16-byte keys, lists of texts. */
export type Parameter = string | number | Uint8Array | readonly string[];

/** `$1` in the SQL is the first parameter. */
export interface CompiledQuery {
  readonly sql: string;
  readonly parameters: readonly Parameter[];
}

/** Adds a parameter and returns its place in the SQL, such as `$3`. */
export type Bind = (parameter: Parameter) => string;

/** Runs `write` with a fresh list of parameters; what it returns is the SQL. */
export function compile(write: (bind: Bind) => string): CompiledQuery {
  const parameters: Parameter[] = [];
  const sql = write((parameter) => `$${parameters.push(parameter)}`);
  return { sql, parameters };
}
