/** What a server says of a store's buckets and users. */
export interface SetupState {
  readonly buckets: ReadonlyMap<string, BucketState>;
  /** By name. "no-service": the server has no users that could be made through it. */
  readonly users: ReadonlyMap<string, UserState> | "no-service";
  readonly hasIdentity: boolean;
}

export interface BucketState {
  readonly exists: boolean;
  readonly versioning: "never" | "Enabled" | "Suspended" | "unsupported";
  readonly isPublicBlocked: boolean | "unsupported";
  /** As the server gives them; empty when there are none. */
  readonly lifecycleRules: readonly unknown[] | "unsupported";
  /** The default encryption as the server gives it, or "unsupported"; undefined when there is none. */
  readonly encryption: unknown;
  /** False when the server has no policies of buckets. */
  readonly hasPolicies: boolean;
  /** The policy's JSON; undefined when there is none. */
  readonly policy: string | undefined;
}

export interface UserState {
  readonly exists: boolean;
  /** The JSON of the policy that setup gives its users; undefined when there is none. */
  readonly policy: string | undefined;
  readonly accessKeys: number;
}
