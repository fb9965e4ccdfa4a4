import type { HiddenObject } from "../object-store.ts";
import type { S3Place } from "./s3-place.ts";

export async function* listHidden(_place: S3Place, _prefix: string): AsyncGenerator<HiddenObject> {}
