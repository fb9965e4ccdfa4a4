import type { Answer } from "./answer.ts";
import { type Finding, notTried, ok, refused, warning } from "./finding.ts";
import type { PublicAccess } from "./s3-observations.ts";

/**
 * Whether strangers get in: what a request without credentials got counts most, then policy and access list,
 * each as far as the bucket's block on public access does not overrule it.
 */
export function judgePublicAccess(access: PublicAccess, anonymousRead: Answer<boolean>): Finding {
  const { policyIsPublic, listIsPublic, block, anonymousList } = access;
  const shut = "Everybody may look into the bucket: take that leave away, and block public access.";
  if (isYes(anonymousList))
    return refused("public-access", "the bucket can be listed without credentials", shut);
  if (isYes(anonymousRead))
    return refused("public-access", "an object can be read without credentials", shut);
  const blocked = block.kind === "given" ? block.value : undefined;
  if (isYes(policyIsPublic) && blocked?.restrictsPolicies !== true) {
    return refused("public-access", "the bucket's policy is public", shut);
  }
  if (isYes(listIsPublic) && blocked?.ignoresLists !== true) {
    return refused(
      "public-access",
      "the bucket's access list lets in everybody, or everybody with an account",
      shut,
    );
  }
  if (isYes(policyIsPublic) || isYes(listIsPublic)) {
    return warning(
      "public-access",
      "the bucket's policy or access list is public, and only the block on public access keeps it shut",
      "Take the public leave away, before somebody lifts the block.",
    );
  }
  return judgeBlock(access);
}

function isYes(answer: Answer<boolean>): boolean {
  return answer.kind === "given" && answer.value;
}

function judgeBlock({ policyIsPublic, listIsPublic, block, anonymousList }: PublicAccess): Finding {
  const isSeen =
    anonymousList.kind === "given" || (policyIsPublic.kind === "given" && listIsPublic.kind === "given");
  if (!isSeen) {
    return notTried(
      "public-access",
      "these credentials may not see the bucket's policy and access list",
      "Whether strangers may look in is not known.",
    );
  }
  const fact = "strangers are not let in";
  if (block.kind === "given" && block.value?.isWhole !== true) {
    return warning(
      "public-access",
      `${fact}, and public access is not blocked as a whole`,
      'One wrong policy would open the bucket: block public access, as "hostlog setup s3" does.',
    );
  }
  return ok("public-access", fact, "Only who has credentials can read here.");
}
