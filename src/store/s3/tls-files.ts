import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { open } from "node:fs/promises";
import type { S3Settings } from "../../../config/config.ts";
import { UserError } from "../../errors.ts";
import { exitCode } from "../../exit-code.ts";

/** PEM texts, by the names that `node:tls` has for them. */
export interface TlsFiles {
  /** In place of the usual authorities: who names one of their own trusts no other for this server. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

/** Permission bits of anybody but the owner. */
const OF_OTHERS = 0o077;

/**
 * Reads the files that the settings name, once: whoever renews a certificate starts hostlog anew. Throws
 * UserError for one that cannot be read or makes no sense, and for a key that others may read.
 */
export async function readTlsFiles({ authorityFile, clientCertificate }: S3Settings): Promise<TlsFiles> {
  const authorities = authorityFile === undefined ? {} : { ca: await readAuthorities(authorityFile) };
  if (clientCertificate === undefined) return authorities;
  const { certificateFile, keyFile } = clientCertificate;
  const cert = await readText("s3.client_certificate_file", certificateFile);
  const [certificate] = certificatesOf("s3.client_certificate_file", certificateFile, cert);
  const key = await readText("s3.client_key_file", keyFile, "private");
  if (certificate?.checkPrivateKey(privateKeyOf(keyFile, key)) !== true) {
    throw new UserError(
      `s3.client_key_file: ${keyFile} is not the key of the certificate in ${certificateFile}; name the two files that were made together`,
      exitCode.config,
    );
  }
  return { ...authorities, cert, key };
}

async function readAuthorities(file: string): Promise<string> {
  const text = await readText("s3.ca_file", file);
  certificatesOf("s3.ca_file", file, text);
  return text;
}

/** `setting` is what names the file. Owner and mode are those of the very file that is read. */
async function readText(
  setting: string,
  file: string,
  privacy: "public" | "private" = "public",
): Promise<string> {
  try {
    const handle = await open(file, "r");
    try {
      const { mode } = await handle.stat();
      if (privacy === "private" && (mode & OF_OTHERS) !== 0) {
        throw new UserError(
          `${setting}: others than its owner may use ${file}; run chmod 600 on it, and have the key replaced if others were on this machine`,
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

function certificatesOf(setting: string, file: string, text: string): readonly X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    if (blocks.length > 0) return blocks.map((block) => new X509Certificate(block));
  } catch {
    // Said below, as for a file without any.
  }
  throw new UserError(
    `${setting}: ${file} holds no certificate that can be read; write it in PEM form, from -----BEGIN CERTIFICATE----- on`,
    exitCode.config,
  );
}

function privateKeyOf(file: string, text: string): KeyObject {
  // RFC 5958 section 3 and, of older files, RFC 1421 section 4.6.1.1.
  if (/^-----BEGIN ENCRYPTED PRIVATE KEY-----$|^Proc-Type: 4,ENCRYPTED/m.test(text)) {
    throw new UserError(
      `s3.client_key_file: the key in ${file} needs a passphrase, which nobody gives at night; write it without (openssl pkey -in FILE -out FILE)`,
      exitCode.config,
    );
  }
  try {
    return createPrivateKey(text);
  } catch {
    throw new UserError(
      `s3.client_key_file: ${file} holds no private key that can be read; write it in PEM form, from -----BEGIN PRIVATE KEY----- on`,
      exitCode.config,
    );
  }
}
