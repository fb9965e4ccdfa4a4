import {
  type ByteDictionary,
  clearByteDictionary,
  createByteDictionary,
  intern,
} from "../../src/columns/byte-dictionary.ts";
import { entryOf } from "../../src/columns/column.ts";
import { canonicalHost, UNKNOWN_DOMAIN } from "../../src/host-name.ts";
import { type EscapeRule, unescapeLogged } from "../../src/text.ts";

/** The domains of a batch, canonical, with the class of each. What a line says is looked at once for each distinct value. */
export interface DomainTable {
  readonly names: string[];
  /** Class index of each name. */
  readonly classes: number[];
  readonly indexByName: Map<string, number>;
  readonly logged: ByteDictionary;
  /** Name index by code of `logged`. */
  readonly indexByCode: number[];
  readonly classOf: (domain: string) => number;
}

export function createDomainTable(classOf: (domain: string) => number): DomainTable {
  return {
    names: [],
    classes: [],
    indexByName: new Map(),
    logged: createByteDictionary(),
    indexByCode: [],
    classOf,
  };
}

export function clearDomainTable(table: DomainTable): void {
  table.names.length = 0;
  table.classes.length = 0;
  table.indexByName.clear();
  table.indexByCode.length = 0;
  clearByteDictionary(table.logged);
}

/** The index of a canonical name. */
export function domainIndex(table: DomainTable, name: string): number {
  const known = table.indexByName.get(name);
  if (known !== undefined) return known;
  const index = table.names.push(name) - 1;
  table.classes.push(table.classOf(name));
  table.indexByName.set(name, index);
  return index;
}

/** The index of the site that a line names: what is no host name becomes `unknown`. */
export function loggedDomainIndex(
  table: DomainTable,
  bytes: Uint8Array,
  start: number,
  end: number,
  rule: EscapeRule,
): number {
  const code = intern(table.logged, bytes, start, end, rule);
  const known = table.indexByCode[code];
  if (known !== undefined) return known;
  const text = Buffer.from(unescapeLogged(entryOf(table.logged.values, code - 1), rule)).toString("utf8");
  const index = domainIndex(table, canonicalHost(text) ?? UNKNOWN_DOMAIN);
  table.indexByCode[code] = index;
  return index;
}
