/** Owns another sidecar of the same endpoint, as one that passes requests on to it sees it. */
import type { Replica } from '../../core/routing/least-request.ts';
import type { Pool } from '../upstream/pool.ts';

export class Peer implements Replica {
  readonly pool: Pool;
  /** Requests of this process under way there. */
  inFlight = 0;
  /** Monotonic milliseconds until which a failed connection is held against it. */
  suspectUntil = 0;

  constructor(pool: Pool) {
    this.pool = pool;
  }
}
