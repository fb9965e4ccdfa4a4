/** The class of domains that the config does not name. */
const STANDARD_CLASS = "standard";

/**
 * The retention class of a domain: by its own name, else by the longest `*.suffix` that it ends with, else
 * `standard`.
 */
export function classOfDomain(rules: Readonly<Record<string, string>>, domain: string): string {
  const own = ruleOf(rules, domain);
  if (own !== undefined) return own;
  for (let dot = domain.indexOf("."); dot !== -1; dot = domain.indexOf(".", dot + 1)) {
    const ofSuffix = ruleOf(rules, `*${domain.slice(dot)}`);
    if (ofSuffix !== undefined) return ofSuffix;
  }
  return STANDARD_CLASS;
}

/** A log can name a host `constructor`, which every object answers to. */
function ruleOf(rules: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(rules, name) ? rules[name] : undefined;
}
