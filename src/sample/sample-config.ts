/** A config for the sample logs: `store` is a URL, `keys` an absolute path. */
export function sampleConfig(store: string, keys: string): string {
  return `# Made by hostlog sample. Every setting is explained in config/hostlog.example.yaml.
node: web-17
store: ${JSON.stringify(store)}

keys:
  # Raw is sealed for keys that lie here: away from the store, whose copies then open nothing.
  folder: ${JSON.stringify(keys)}

ingest:
  # The shop's file names its site; the lines of other_vhosts_access.log name theirs.
  domain_from_file: "{domain}.access.log"

classes:
  # Two years is the most; the blog's owner wants less.
  standard: 2y
  short: 90d

domains:
  blog.example.net: short
`;
}
