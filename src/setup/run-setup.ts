import { planSetup, type SetupPlan, type SetupStep } from "../access/plan-setup.ts";
import { userNameOf } from "../access/role.ts";
import type { SetupState } from "../access/setup-state.ts";
import { type SetupWish, setupWish } from "../access/setup-wish.ts";
import { UserError } from "../errors.ts";
import { exitCode } from "../exit-code.ts";
import { openAdministration } from "./administration.ts";
import { applyStep } from "./apply-step.ts";
import { checkCredentialsFile } from "./credentials-file.ts";
import { findState } from "./find-state.ts";
import { findTraits } from "./find-traits.ts";
import type { SetupRequest } from "./setup-request.ts";

export interface PreparedSetup {
  readonly wish: SetupWish;
  readonly plan: SetupPlan;
  /** False when the server has no users that could be made through it. */
  readonly hasUserService: boolean;
  /** Does the plan and nothing else; tells of each step once it is done. Throws UserError at the first that fails. */
  apply(onDone: (step: SetupStep) => void): Promise<void>;
}

/**
 * Asks the server what there is and what it can do, and plans. But for trials, in a bucket and with a user of their
 * own that are gone afterwards, nothing is changed yet. Throws UserError.
 */
export async function prepareSetup(request: SetupRequest): Promise<PreparedSetup> {
  const { places, settings, roles, userPrefix, credentialsFile } = request;
  const bucket = places[0]?.bucket ?? "";
  const administration = await openAdministration(bucket, settings, request.environment);
  const users = roles.map((role) => userNameOf(role, userPrefix));
  const buckets = [...new Set(places.map((place) => place.bucket))];
  const found = await findState(administration, { buckets, users });
  const published = places.find(({ root }) => root === "published");
  const isReadable = published === undefined || found.buckets.get(published.bucket)?.exists === true;
  const state: SetupState = { ...found, hasIdentity: isReadable && (await request.hasIdentity()) };
  const { traits, notes } = await findTraits(request, administration, state);
  const { encryption } = settings;
  const wish = setupWish({ places, roles, encryption, traits, userPrefix, terms: request.terms });
  const plan = planSetup({
    wish,
    state,
    places,
    traits,
    nowMs: request.nowMs,
    isKeepingGrants: request.isKeepingGrants,
    isMakingKeys: credentialsFile !== undefined,
  });
  if (credentialsFile !== undefined) {
    const profiles = plan.steps.flatMap((step) => (step.kind === "create-access-key" ? [step.user] : []));
    await checkCredentialsFile(credentialsFile, profiles);
  }
  return {
    wish,
    plan: { steps: plan.steps, notes: [...plan.notes, ...notes] },
    hasUserService: state.users !== "no-service",
    async apply(onDone) {
      for (const step of plan.steps) {
        if (request.signal.aborted) {
          throw new UserError("ended before all was done; run it again for the rest", exitCode.tryAgain);
        }
        await applyStep(step, { administration, credentialsFile, makeIdentity: request.makeIdentity });
        onDone(step);
      }
    },
  };
}

/** What a server that has no service for users leaves to be done by hand. */
export function noUserServiceError(): UserError {
  return new UserError(
    "this server has no service for users that hostlog could use: make the users named above by the server's own means, each with its policy",
    exitCode.config,
  );
}
