/** How the server is to encrypt what it stores. A key of the customer's is in a function, so that no log prints it. */
export type AtRest =
  | { readonly kind: "as-it-likes" }
  | { readonly kind: "server-key" }
  | { readonly kind: "kms-key"; readonly key: string | undefined }
  | { readonly kind: "customer-key"; readonly keyBase64: () => string; readonly keyMd5Base64: string };

/** Input of the commands that begin an object: PutObject, CreateMultipartUpload. */
export interface CreationInput extends CustomerKeyInput {
  readonly ServerSideEncryption?: "AES256" | "aws:kms";
  readonly SSEKMSKeyId?: string;
}

/** Input of the commands that send or fetch an object's bytes. The SDK adds the key's MD5 itself. */
export interface CustomerKeyInput {
  readonly SSECustomerAlgorithm?: "AES256";
  readonly SSECustomerKey?: string;
}

/** What the answer to a creation says of encryption. */
export interface EncryptionAnswer {
  readonly ServerSideEncryption?: string | undefined;
  readonly SSEKMSKeyId?: string | undefined;
  readonly SSECustomerAlgorithm?: string | undefined;
  readonly SSECustomerKeyMD5?: string | undefined;
}

/** Source: Amazon S3 user guide, "Protecting data with server-side encryption". */
export function creationInput(atRest: AtRest): CreationInput {
  switch (atRest.kind) {
    case "as-it-likes":
      return {};
    case "server-key":
      return { ServerSideEncryption: "AES256" };
    case "kms-key":
      return atRest.key === undefined
        ? { ServerSideEncryption: "aws:kms" }
        : { ServerSideEncryption: "aws:kms", SSEKMSKeyId: atRest.key };
    case "customer-key":
      return customerKeyInput(atRest);
  }
}

/** Empty unless the customer keeps the key: all others the server finds itself. */
export function customerKeyInput(atRest: AtRest): CustomerKeyInput {
  if (atRest.kind !== "customer-key") return {};
  return { SSECustomerAlgorithm: "AES256", SSECustomerKey: atRest.keyBase64() };
}

/** True when the answer to a creation says that the object is encrypted as it was asked to be. */
export function isEncryptedAsAsked(atRest: AtRest, answer: EncryptionAnswer): boolean {
  switch (atRest.kind) {
    case "as-it-likes":
      return true;
    case "server-key":
      return answer.ServerSideEncryption === "AES256";
    case "kms-key":
      return answer.ServerSideEncryption === "aws:kms" && isKey(atRest.key, answer.SSEKMSKeyId);
    case "customer-key":
      return answer.SSECustomerAlgorithm === "AES256" && answer.SSECustomerKeyMD5 === atRest.keyMd5Base64;
  }
}

/**
 * Amazon answers with the full ARN of the key, however it was named, so that an alias cannot be compared.
 * Source: Amazon S3 API, PutObject, x-amz-server-side-encryption-aws-kms-key-id.
 */
function isKey(asked: string | undefined, answered: string | undefined): boolean {
  if (asked === undefined || /(?:^|:)alias\//.test(asked)) return true;
  return idOf(asked) === idOf(answered ?? "");
}

function idOf(key: string): string {
  return key.slice(key.lastIndexOf("/") + 1);
}

/** True when the ETag of a stored object, by this answer, is no MD5 of its bytes. Source: Amazon S3 API, Object. */
export function hidesMd5(answer: EncryptionAnswer): boolean {
  const isPlain = answer.ServerSideEncryption === undefined || answer.ServerSideEncryption === "AES256";
  return !isPlain || answer.SSECustomerAlgorithm !== undefined;
}

/** In the words of the config file. */
export function describeAtRest(atRest: AtRest): string {
  if (atRest.kind === "kms-key" && atRest.key !== undefined) return `kms-key ${atRest.key}`;
  return atRest.kind;
}
