/** Owns what is known of a request that is routed: beyond what every proxy knows, what it asks for and where it goes. */
import { phasesWithin } from '../../core/cold-start/start-timeline.ts';
import type { PhaseSpan, StartTimeline } from '../../core/cold-start/start-timeline.ts';
import type { InvocationTarget } from '../../core/routing/invocation-path.ts';
import { Exchange } from '../exchange.ts';
import type { Pod } from './pod.ts';
import type { EntityRoute, RoutedEndpoint } from './routing-table.ts';

export class RoutedExchange extends Exchange {
  asked: InvocationTarget | undefined;
  namespace = '';
  endpoint: RoutedEndpoint | undefined;
  route: EntityRoute | undefined;
  /** The pod that it has been given; counted there until `leavePod`. */
  pod: Pod | undefined;
  /** Monotonic milliseconds at which it was first held; undefined: never. */
  heldSince: number | undefined;
  /** How long it was held until it was last sent on, in milliseconds. */
  heldMs = 0;
  /** How the pod that ended its being held had started. */
  heldFor: StartTimeline | undefined;
  /** Monotonic milliseconds at which pods that are called ready first could not be reached; undefined: never. */
  unreachableSince: number | undefined;
  /** What `deadline` is to be again once it has been sent on. */
  fullDeadline: number | undefined;

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
}
