import { type Document, isMap, isScalar, isSeq, Lexer, LineCounter, parseDocument, visit } from "yaml";
import type { ConfigProblem } from "./config-problem.ts";

/** A text that is YAML as far as a config needs it, and where its parts stand. */
export interface YamlDocument {
  /** Objects, lists and scalars; undefined for an empty text. */
  readonly value: unknown;
  /** A problem at the value that `path` leads to, or at the nearest part that is there. */
  problemAt(path: readonly PropertyKey[], message: string): ConfigProblem;
  /** A problem at the last name of `path` itself, which must be there. */
  problemAtKey(path: readonly PropertyKey[], message: string): ConfigProblem;
}

export type ReadYaml =
  | { readonly kind: "document"; readonly document: YamlDocument }
  | { readonly kind: "problems"; readonly problems: readonly ConfigProblem[] };

const NO_REFERENCES = "anchors (&) and aliases (*) are not understood here: write the value out";

/** Deeper than any config; far below where the parser's recursion ends the process. */
const DEPTH_MAX = 16;

/**
 * Reads one YAML 1.2 document of plain mappings. Anchors, aliases, tags and repeated keys are refused: they
 * can make a file mean something else than a reader sees, or grow without bound.
 */
export function readYaml(text: string): ReadYaml {
  const lines = new LineCounter();
  const at = (offset: number, message: string): ConfigProblem => {
    const { line, col } = lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1), message };
  };
  const tooDeepAt = findTooDeep(text);
  if (tooDeepAt !== undefined) {
    lines.addNewLine(0);
    for (let i = text.indexOf("\n"); i !== -1 && i < tooDeepAt; i = text.indexOf("\n", i + 1))
      lines.addNewLine(i + 1);
    return {
      kind: "problems",
      problems: [at(tooDeepAt, `nested more than ${DEPTH_MAX} deep: no setting is`)],
    };
  }
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    schema: "core",
    resolveKnownTags: false,
    // "silent" would also accept a second document.
    logLevel: "error",
  });
  const problems = [
    ...document.errors.map((error) => at(error.pos[0], yamlMessage(error.code, error.message))),
    ...document.warnings.map((warning) => at(warning.pos[0], yamlMessage(warning.code, warning.message))),
    ...findUnwanted(document, at),
  ];
  if (problems.length > 0) return { kind: "problems", problems };
  const offsetOf = (path: readonly PropertyKey[], ofKey: boolean): number =>
    findOffset(document, path, ofKey);
  return {
    kind: "document",
    document: {
      value: document.contents === null ? undefined : document.toJS({ maxAliasCount: 0 }),
      problemAt: (path, message) => at(offsetOf(path, false), message),
      problemAtKey: (path, message) => at(offsetOf(path, true), message),
    },
  };
}

function yamlMessage(code: string, message: string): string {
  switch (code) {
    case "DUPLICATE_KEY":
      return "this key stands here twice: keep one of the two";
    case "BAD_ALIAS":
      return 'a name that begins with * must stand in quotes, such as "*.example.net"';
    case "TAG_RESOLVE_FAILED":
      return "tags (!) are not understood here: write the plain value, in quotes if it begins with !";
    case "MULTIPLE_DOCS":
      return "a second document begins here: a config is one";
    default:
      return `this is no YAML: ${message}`;
  }
}

function findUnwanted(
  document: Document,
  at: (offset: number, message: string) => ConfigProblem,
): readonly ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  visit(document, {
    Alias: (_key, node) => {
      problems.push(at(node.range?.[0] ?? 0, NO_REFERENCES));
    },
    Value: (_key, node) => {
      if (node.anchor !== undefined) problems.push(at(node.range?.[0] ?? 0, NO_REFERENCES));
    },
    Pair: (_key, { key }) => {
      // JavaScript gives this name a meaning of its own, and libraries drop it without a word.
      if (!isScalar(key) || key.value !== "__proto__") return;
      problems.push(at(key.range?.[0] ?? 0, "nothing can have this name: write another, or leave it out"));
    },
  });
  return problems;
}

function findOffset(document: Document, path: readonly PropertyKey[], ofKey: boolean): number {
  let node: unknown = document.contents;
  let offset = rangeStart(node) ?? 0;
  for (const [index, name] of path.entries()) {
    if (isSeq(node)) {
      node = node.items[Number(name)];
      offset = rangeStart(node) ?? offset;
      continue;
    }
    if (!isMap(node)) break;
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(name));
    if (pair === undefined) break;
    offset = rangeStart(pair.key) ?? offset;
    if (ofKey && index === path.length - 1) break;
    offset = rangeStart(pair.value) ?? offset;
    node = pair.value;
  }
  return offset;
}

function rangeStart(node: unknown): number | undefined {
  if (typeof node !== "object" || node === null || !("range" in node) || !Array.isArray(node.range))
    return undefined;
  return Number(node.range[0]);
}

/** Where nesting in brackets, or in `- ` and `? ` on one line, passes the limit. */
function findTooDeep(text: string): number | undefined {
  let offset = 0;
  let brackets = 0;
  let indicators = 0;
  for (const token of new Lexer().lex(text)) {
    if (token === "[" || token === "{") brackets++;
    else if (token === "]" || token === "}") brackets--;
    else if (token === "-" || token === "?") indicators++;
    else if (token.startsWith("\n") || token.startsWith("\r")) indicators = 0;
    if (brackets > DEPTH_MAX || indicators > DEPTH_MAX) return offset;
    // The lexer's marks for a document, a flow's end and a scalar are no part of the text.
    if (!isLexerMark(token)) offset += token.length;
  }
  return undefined;
}

function isLexerMark(token: string): boolean {
  return token === "\u0002" || token === "\u0018" || token === "\u001f";
}
