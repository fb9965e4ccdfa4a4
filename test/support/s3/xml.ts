/** Text for an XML element; what XML 1.0 cannot hold or reads otherwise becomes a character reference. */
export function escapeXml(text: string): string {
  return text.replaceAll(/[^\w/.-]/gu, (character) => `&#x${character.codePointAt(0)?.toString(16)};`);
}

const named: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

function unescapeXml(text: string): string {
  return text.replaceAll(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hexadecimal, decimal, name) => {
    if (hexadecimal !== undefined) return String.fromCodePoint(Number.parseInt(hexadecimal, 16));
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    return named[name] ?? whole;
  });
}

/** The contents of each element of that name, as they stand. Elements of one name do not nest in S3's requests. */
export function elementsOf(text: string, name: string): readonly string[] {
  return [...text.matchAll(new RegExp(`<${name}(?: [^>]*)?>(.*?)</${name}>`, "gs"))].map(
    ([, content = ""]) => content,
  );
}

/** The text of the first element of that name. */
export function textOf(text: string, name: string): string | undefined {
  const [content] = elementsOf(text, name);
  return content === undefined ? undefined : unescapeXml(content);
}
