import { UserError } from "../../src/errors.ts";
import { exitCode } from "../../src/exit-code.ts";

/** Finds the domain in a file's path; undefined where the pattern does not fit. */
export type DomainOfPath = (path: string) => string | undefined;

/** What rotation and compression put behind a log's name: `.1`, `-20261122`, `.gz`. */
const rotationSuffix = /(?:[.-]\d{1,14})*(?:\.(?:gz|bz2|zst))?$/;

/**
 * Compiles a pattern such as `{domain}.access.log` or `vhosts/{domain}/logs/*.log`. It is compared with the
 * end of the path, part by part; `*` stands for anything within a part, and the suffixes of rotation do not
 * count. Throws a {@link UserError} for a pattern without exactly one `{domain}`.
 */
export function compileDomainOfPath(pattern: string): DomainOfPath {
  if (pattern.split("{domain}").length !== 2) {
    throw new UserError(
      `the pattern "${pattern}" must hold {domain} exactly once, as in "{domain}.access.log" or "vhosts/{domain}/logs/*"`,
      exitCode.config,
    );
  }
  const parts = pattern.replace(/^\/+/, "").split("/");
  return (path) => {
    const pathParts = path.split("/").slice(-parts.length);
    if (pathParts.length < parts.length) return undefined;
    let domain: string | undefined;
    for (const [index, part] of parts.entries()) {
      const isLast = index === parts.length - 1;
      const name = pathParts[index] ?? "";
      const found = matchPart(part, isLast ? withoutRotation(name, part) : name);
      if (found === undefined) return undefined;
      domain = found.domain ?? domain;
    }
    return domain;
  };
}

function withoutRotation(name: string, part: string): string {
  // A pattern that speaks of the suffix itself is taken at its word.
  return part.replace(rotationSuffix, "") !== part ? name : name.replace(rotationSuffix, "");
}

/** One part of the path against one part of the pattern, which is literals around `*` and `{domain}`. */
function matchPart(part: string, name: string): { readonly domain: string | undefined } | undefined {
  const expression = part
    .split(/(\*|\{domain\})/)
    .map((piece) => {
      if (piece === "*") return "[^/]*?";
      return piece === "{domain}"
        ? "(?<domain>[^/]+?)"
        : piece.replace(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
    })
    .join("");
  const match = new RegExp(`^${expression}$`).exec(name);
  return match === null ? undefined : { domain: match.groups?.["domain"] };
}
