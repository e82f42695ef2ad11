/** Owns the words for what the cluster refuses: a quota, a limit range, a policy, or an object that does not fit. */
import { entityReasons } from '../../../crds/schema/reasons.ts';
import type { EntityExplanation } from '../explanation.ts';

/** The phrases of Kubernetes' own admission plugins, and what to do about each. */
const rules: readonly (readonly [RegExp, EntityExplanation['reason'], string])[] = [
  [
    /exceeded quota|failed quota/,
    entityReasons.quotaExceeded,
    'have the ResourceQuota of the namespace raised, free some of it, or choose a smaller workload type or size',
  ],
  [
    /(?:maximum|minimum) .* usage per (?:Container|Pod)|max limit to request ratio/,
    entityReasons.limitRangeViolated,
    'choose another workload type, or have the LimitRange of the namespace changed',
  ],
  [
    /violates PodSecurity/,
    entityReasons.podRefused,
    'change what it names in the template of the entity, or have the Pod Security level of the namespace changed',
  ],
  [
    /admission webhook .* denied the request|ValidatingAdmissionPolicy/,
    entityReasons.podRefused,
    'change what it names in the template of the entity, or have the policy changed',
  ],
];

/** Returns the explanation of a refusal of pods, as the controller of the ReplicaSet reports it. */
export function explainPodRefusal(said: string): EntityExplanation {
  return {
    reason: reasonOf(said),
    message: `the cluster refuses the pods: ${said || 'without a cause'}; ${remedyOf(said)}`,
  };
}

/** Returns the explanation of a refusal of an object; `what` names it. */
export function explainObjectRefusal(what: string, said: string): EntityExplanation {
  const remedy = rules.find(([pattern]) => pattern.test(said))?.[2];
  return {
    reason: remedy === undefined ? entityReasons.objectRefused : reasonOf(said),
    message: `the cluster refuses ${what}: ${said}${remedy === undefined ? '' : `; ${remedy}`}`,
  };
}

const reasonOf = (said: string): EntityExplanation['reason'] =>
  rules.find(([pattern]) => pattern.test(said))?.[1] ?? entityReasons.objectRefused;

const remedyOf = (said: string): string =>
  rules.find(([pattern]) => pattern.test(said))?.[2] ??
  'check quotas and admission policies of the namespace';
