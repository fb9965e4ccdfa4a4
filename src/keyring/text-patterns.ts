import { z } from "zod";
import { type Day, parseDay } from "../day.ts";

/** What stands in the files of a keyring. */
export const instantText = z.string().regex(/^\d{4}-\d{2}-\d{2}T[0-9:.]+Z$/);

export const dayText = z.custom<Day>((value) => typeof value === "string" && parseDay(value) !== undefined);

export const recipientText = z.string().regex(/^age1[0-9a-z]+$/);

export const base64Text = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/);

export const providerLink = z.strictObject({
  key: z.string().regex(/^ed25519:[A-Za-z0-9+/]{43}=$/),
  signature: base64Text,
});
