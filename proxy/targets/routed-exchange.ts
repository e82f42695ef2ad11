/** Owns what is known of a request that is routed: beyond what every proxy knows, what it asks for and where it goes. */
import { phasesWithin } from '../../core/cold-start/start-timeline.ts';
import type { PhaseSpan, StartTimeline } from '../../core/cold-start/start-timeline.ts';
import type { InvocationTarget } from '../../core/routing/invocation-path.ts';
import { Exchange } from '../exchange.ts';
import type { PodWish } from './pod-choice.ts';
import type { Pod } from './pod.ts';
import type { EntityRoute, RoutedEndpoint } from './routing-table.ts';

export class RoutedExchange extends Exchange implements PodWish {
  asked: InvocationTarget | undefined;
  namespace = '';
  /** A sidecar of the endpoint has let the caller in. */
  isVouchedFor = false;
  endpoint: RoutedEndpoint | undefined;
  route: EntityRoute | undefined;
  /** Hash of its prompt's beginning, where the endpoint wants prompts that begin alike at the same pod. */
  prefixHash: number | undefined;
  /** The pod that it has been given; counted there until `leavePod`. */
  pod: Pod | undefined;
  /** Pods that have failed it; undefined: none yet. */
  tried: Pod[] | undefined;
  /** Second attempts that may have cost a model something. */
  retries = 0;
  /** Monotonic milliseconds before which it is not sent again. */
  notBefore = 0;
  /** Names of the served entities that have not answered it; undefined: none yet. */
  failedEntities: string[] | undefined;
  /** Monotonic milliseconds at which it was first held; undefined: never. */
  heldSince: number | undefined;
  /** How long it was held until it was last sent on, in milliseconds. */
  heldMs = 0;
  /** A sidecar had no room for it: it waits for the next occasion, and does not ask again at once. */
  wasTurnedAway = false;
  /** How the pod that ended its being held had started. */
  heldFor: StartTimeline | undefined;
  /** Monotonic milliseconds at which pods that are called ready first could not be reached; undefined: never. */
  unreachableSince: number | undefined;

  /** Where the time that it was held went. */
  get holdPhases(): PhaseSpan[] {
    const { heldFor, heldSince = 0, heldMs } = this;
    return heldFor === undefined ? [] : phasesWithin(heldFor, heldSince, heldSince + heldMs);
  }

  takePod(pod: Pod): void {
    this.pod = pod;
    pod.inFlight += 1;
    if (this.heldSince !== undefined) this.heldFor = pod.timeline;
  }

  leavePod(): void {
    if (this.pod !== undefined) this.pod.inFlight -= 1;
    this.pod = undefined;
  }

  /** Leaves the pod that has failed it, and does not go there again while there are others. */
  giveUpPod(): void {
    const { pod } = this;
    this.leavePod();
    if (pod !== undefined) this.tried = [...(this.tried ?? []), pod];
  }

  setRoute(route: EntityRoute): void {
    this.route = route;
    this.servedEntity = route.servedEntity;
    this.deployment = route.target?.deployment ?? '';
  }
}
