/** An access key as AWS tools read it from a file. Source: AWS SDKs guide, "Shared config and credentials files". */
export interface Profile {
  readonly name: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export function hasProfile(text: string, name: string): boolean {
  return text.split("\n").some((line) => line.trim() === `[${name}]`);
}

/** The text of a file of profiles with one more at its end. */
export function addProfile(text: string, { name, accessKeyId, secretAccessKey }: Profile): string {
  const before = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  const gap = before === "" ? "" : "\n";
  return `${before}${gap}[${name}]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
}
