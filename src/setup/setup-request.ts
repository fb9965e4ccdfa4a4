import type { S3Settings } from "../../config/config.ts";
import type { KeptTerms } from "../access/backstop-rules.ts";
import type { Role } from "../access/role.ts";
import type { RootPlace } from "../access/s3-roots.ts";
import type { ServerTraits } from "../access/server-traits.ts";
import type { Environment } from "./administration.ts";

export interface SetupRequest {
  readonly settings: S3Settings;
  readonly environment: Environment;
  /** At least one. */
  readonly places: readonly RootPlace[];
  readonly roles: readonly Role[];
  readonly userPrefix: string;
  /** How long each view is kept: the bucket's own rules come after that. */
  readonly terms: KeptTerms;
  readonly nowMs: number;
  /** True when grants that have not ended stay. */
  readonly isKeepingGrants: boolean;
  /** An absolute path. Undefined: no access keys are made. */
  readonly credentialsFile: string | undefined;
  /** "ask" tries it out whatever an earlier setup found; undefined only if none did. */
  readonly conditionalPuts: ServerTraits["conditionalPuts"] | "ask" | undefined;
  /** True when nothing may be changed, not even for a trial. */
  readonly isDry: boolean;
  /** Once aborted, no further step is begun. */
  readonly signal: AbortSignal;
  readonly hasIdentity: () => Promise<boolean>;
  readonly makeIdentity: () => Promise<unknown>;
}
