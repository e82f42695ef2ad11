/** Owns one pod as a router of requests sees it: its address, what is known of it, and the connections to its sidecar. */
import type { StartTimeline } from '../../core/cold-start/start-timeline.ts';
import type { Replica } from '../../core/routing/least-request.ts';
import type { Pool } from '../upstream/pool.ts';

/** A pod's address as EndpointSlices tell it. */
export interface PodAddress {
  readonly host: string;
  readonly port: number;
  readonly ready: boolean;
}

export class Pod implements Replica {
  readonly host: string;
  readonly port: number;
  readonly pool: Pool;
  /** Requests of this process under way there. */
  inFlight = 0;
  /** EndpointSlices call it ready. */
  listedReady = false;
  /** It has told this process itself that it is ready, which EndpointSlices learn later. */
  proven = false;
  /** Monotonic milliseconds until which a failed connection is held against it. */
  suspectUntil = 0;
  /** Monotonic milliseconds at which this process first heard of it. */
  seenAt = 0;
  /** How it started, where it has told that. */
  start: StartTimeline | undefined;
  /** A probe is under way. */
  probing = false;

  constructor(address: PodAddress, pool: Pool) {
    this.host = address.host;
    this.port = address.port;
    this.pool = pool;
  }

  get usable(): boolean {
    return this.listedReady || this.proven;
  }

  /** How it started, as far as it is known. */
  get timeline(): StartTimeline {
    return this.start ?? { ...nothingTold, addressAt: this.seenAt };
  }
}

const nothingTold = {
  startedAt: undefined,
  downloadFrom: undefined,
  loadFrom: undefined,
  readyAt: undefined,
};
