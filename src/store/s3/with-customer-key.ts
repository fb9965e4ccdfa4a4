import { type AtRest, type CustomerKeyInput, customerKeyInput } from "./at-rest.ts";
import type { S3ErrorShape } from "./s3-trouble.ts";

/**
 * Asks for an object with the customer's key and, when the server refuses that with 400, without it: what
 * was stored before the key was asked for must stay readable, and Amazon refuses a key for such an object
 * (InvalidRequest: "not applicable to this object").
 */
export async function withCustomerKey<T>(
  atRest: AtRest,
  ask: (input: CustomerKeyInput) => Promise<T>,
): Promise<T> {
  try {
    return await ask(customerKeyInput(atRest));
  } catch (error) {
    if (atRest.kind !== "customer-key" || statusOf(error) !== 400) throw error;
    try {
      return await ask({});
    } catch (second) {
      throw statusOf(second) === 400 ? error : second;
    }
  }
}

function statusOf(error: unknown): number | undefined {
  if (!(error instanceof Error)) return undefined;
  const { $metadata: metadata }: S3ErrorShape = error;
  return metadata?.httpStatusCode;
}
