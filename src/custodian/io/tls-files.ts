import { open } from "node:fs/promises";
import { createSecureContext } from "node:tls";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";

/** PEM texts, by the names that `node:tls` has for them. */
export interface TlsFiles {
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** A file, and the setting or option that names it. */
export interface NamedFile {
  readonly setting: string;
  readonly file: string;
}

/** Permission bits of anybody but the owner and the group. */
const OF_EVERYBODY = 0o007;

/**
 * Reads the files once: whoever renews a certificate starts hostlog anew. Throws UserError for one that cannot be
 * read or makes no sense, and for a key that every user of this machine may use.
 */
export async function readTlsFiles(files: {
  readonly authority: NamedFile | undefined;
  readonly certificate: NamedFile | undefined;
  readonly key: NamedFile | undefined;
}): Promise<TlsFiles> {
  const { authority, certificate, key } = files;
  const ca = authority === undefined ? {} : { ca: await readPem(authority, "CERTIFICATE") };
  if (certificate === undefined || key === undefined) return check(ca, "");
  const cert = await readPem(certificate, "CERTIFICATE");
  const own = { cert, key: await readPem(key, "PRIVATE KEY") };
  return check({ ...ca, ...own }, `${certificate.file} and ${key.file}: `);
}

async function readPem({ setting, file }: NamedFile, what: "CERTIFICATE" | "PRIVATE KEY"): Promise<string> {
  const text = await readText(setting, file, what === "PRIVATE KEY");
  // RFC 7468 section 2; a key's kind may stand before it, as in EC PRIVATE KEY.
  if (new RegExp(`^-----BEGIN ([A-Z0-9]+ )*${what}-----`, "m").test(text)) return text;
  throw new UserError(
    `${setting}: ${file} holds no ${what.toLowerCase()}; write it in PEM form, from -----BEGIN ${what}----- on`,
    exitCode.config,
  );
}

/** Owner and mode are those of the very file that is read. */
async function readText(setting: string, file: string, isPrivate: boolean): Promise<string> {
  try {
    const handle = await open(file, "r");
    try {
      const { mode } = await handle.stat();
      if (isPrivate && (mode & OF_EVERYBODY) !== 0) {
        throw new UserError(
          `${setting}: every user of this machine may use ${file}; run chmod 600 on it, and have the key replaced if others were on this machine`,
          exitCode.config,
        );
      }
      return await handle.readFile("utf8");
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!(error instanceof Error) || error instanceof UserError) throw error;
    const code = "code" in error ? String(error.code) : error.name;
    throw new UserError(
      `${setting}: ${file} cannot be read (${code}); name a file in PEM form that this user may read`,
      exitCode.config,
      { cause: error },
    );
  }
}

/** Tries them as TLS will: whether they can be read, and the key is the certificate's. */
function check(files: TlsFiles, names: string): TlsFiles {
  try {
    createSecureContext(files);
    return files;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "unreadable";
    throw new UserError(
      `${names}TLS cannot use these files (${code}); name a certificate and the key that was made with it, without a passphrase`,
      exitCode.config,
      { cause: error },
    );
  }
}
