/** Owns how a state is explained: a reason for programs, the cause and the remedy in words for people. */
import type { EntityReason } from '../../crds/schema/reasons.ts';

export interface Explanation {
  readonly reason: string;
  readonly message: string;
}

/** Of a served entity: its reason is one of those that are known. */
export interface EntityExplanation extends Explanation {
  readonly reason: EntityReason;
}
