/**
 * How a store keeps raw and quarantine from who may read its objects.
 * - `age`: each object is an age file for the key of its view, day and class.
 * - `none`: objects are plain Parquet; what protects them is the server's own encryption and its permissions.
 */
export type SealMode = "age" | "none";

export const sealModes: readonly SealMode[] = ["age", "none"];
