const bytesOfUnit = new Map([
  ["B", 1],
  ["kB", 1000],
  ["KB", 1000],
  ["MB", 1000 ** 2],
  ["GB", 1000 ** 3],
  ["KiB", 1024],
  ["MiB", 1024 ** 2],
  ["GiB", 1024 ** 3],
]);

const pattern = /^(\d{1,9}) ?([A-Za-z]{1,3})$/;

/** Reads `64MiB`, `10MB` or `512B` as bytes; undefined for anything else. A number without a unit is none. */
export function parseSize(text: string): number | undefined {
  const [, count, unit = ""] = pattern.exec(text) ?? [];
  const unitBytes = bytesOfUnit.get(unit);
  return unitBytes === undefined ? undefined : Number(count) * unitBytes;
}
