/** Owns what a sidecar knows of a request that may have come from its caller straight: what it asks for and its way on. */
import type { InvocationTarget } from '../../core/routing/invocation-path.ts';
import { Exchange } from '../exchange.ts';
import type { DirectRoute } from './directions-table.ts';
import type { Peer } from './peer.ts';

/** Where it is sent on: to another sidecar, or to a gateway that knows (or wakes) one. */
export type WayOn = Peer | 'gateway';

export class DirectExchange extends Exchange {
  /** What the caller asks for; undefined: a proxy sent it here, to be served here. */
  asked: InvocationTarget | undefined;
  /** The entity that is to answer; undefined: it is not known which there are. */
  route: DirectRoute | undefined;
  /** Undefined: it is served here. */
  way: WayOn | undefined;
  /** It is under way there. */
  isPassing = false;
  /** What could not be reached for it; undefined: nothing yet. */
  tried: (Peer | 'here')[] | undefined;

  takeWay(way: WayOn): void {
    this.way = way;
    if (way !== 'gateway') way.inFlight += 1;
  }

  leaveWay(): void {
    const { way } = this;
    this.way = undefined;
    if (way !== undefined && way !== 'gateway') way.inFlight -= 1;
  }
}
