/** What a process says when it ends. Documented in docs/operating.md, which a test compares with this table. */
export const exitCode = {
  /** Everything that was asked for is done. */
  ok: 0,
  /** A bug: the stack is printed. */
  bug: 1,
  /** Part of it is done: some files could not be read, some objects not removed. The output says which. */
  partial: 2,
  /** Something in the store is not as recorded: missing, changed, overlapping. */
  integrity: 3,
  /** The command line makes no sense (EX_USAGE). */
  usage: 64,
  /** The store, the disk or a lock was not available; try again (EX_TEMPFAIL). */
  tryAgain: 75,
  /** The config file is wrong (EX_CONFIG). */
  config: 78,
} as const;

export type ExitCode = (typeof exitCode)[keyof typeof exitCode];
