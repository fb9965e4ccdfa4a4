/**
 * A log is cut off or damaged. What was good before that place has been read. The message says it of the log:
 * "its gzip data is …".
 */
export class DamagedLogError extends Error {
  override readonly name = "DamagedLogError";
}
