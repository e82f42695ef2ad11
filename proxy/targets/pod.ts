/** Owns one pod as a router of requests sees it: its address, what is known of it, and the connections to its sidecar. */
import { makeOutlierRecord } from '../../core/routing/outlier.ts';
import type { RingMember } from '../../core/routing/prefix-ring.ts';
import type { Pool } from '../upstream/pool.ts';

/** A pod's address as EndpointSlices tell it. */
export interface PodAddress {
  readonly host: string;
  readonly port: number;
  readonly ready: boolean;
}

export class Pod implements RingMember {
  readonly key: string;
  readonly pool: Pool;
  /** Requests of this process under way there. */
  inFlight = 0;
  /** EndpointSlices call it ready. */
  listedReady = false;
  /** It has told this process itself that it is ready, which EndpointSlices learn later. */
  proven = false;
  /** Monotonic milliseconds until which a failed connection is held against it. */
  suspectUntil = 0;
  /** A probe is under way. */
  probing = false;
  /** How it has answered. */
  readonly record = makeOutlierRecord();

  constructor(key: string, pool: Pool) {
    this.key = key;
    this.pool = pool;
  }

  get usable(): boolean {
    return this.listedReady || this.proven;
  }
}

/** Returns what tells a pod from the others of its Deployment. */
export const podKey = ({ host, port }: PodAddress): string => `${host} ${port}`;
