/**
 * Owns finding the replica that has seen a prompt's beginning before: consistent hashing with bounded loads (Mirrokni,
 * Thorup, Zadimoghaddam 2016), so that a favourite prefix spreads instead of drowning its replica.
 */
import type { Replica } from './least-request.ts';
import { xxhash32 } from './xxhash32.ts';

/** A replica with a name that tells it from others. */
export interface RingMember extends Replica {
  readonly key: string;
}

const pointsPerMember = 256;
/** How many times the average load a replica may have and still take what is not bound to be its own. */
const loadBound = 1.25;

export interface RingPick<Member> {
  readonly member: Member;
  /** Whether it is the first one of the hash, whose cache is the warm one. */
  readonly isPreferred: boolean;
}

export class PrefixRing<Member extends RingMember> {
  readonly #points: Uint32Array;
  readonly #members: readonly Member[];
  /** Index of the member that each point belongs to. */
  readonly #owners: Uint32Array;

  constructor(members: readonly Member[]) {
    this.#members = members;
    const points = members.flatMap(({ key }, owner) =>
      Array.from({ length: pointsPerMember }, (_, index) => ({ point: xxhash32(key, index), owner })),
    );
    points.sort((one, other) => one.point - other.point);
    this.#points = Uint32Array.from(points, ({ point }) => point);
    this.#owners = Uint32Array.from(points, ({ owner }) => owner);
  }

  /**
   * Returns the first member at or after `hash` on the ring that `mayTake` lets and whose load is within the bound;
   * undefined when `mayTake` lets none. With c the bound, m the requests under way at those who may and n their number,
   * a load of up to c·(m+1)/n is within: the least busy one always is.
   */
  pick(hash: number, mayTake: (member: Member) => boolean): RingPick<Member> | undefined {
    const able = this.#members.filter(mayTake);
    if (able.length === 0) return undefined;
    const total = able.reduce((sum, { inFlight }) => sum + inFlight, 0);
    const most = (loadBound * (total + 1)) / able.length;
    const count = this.#points.length;
    const start = this.#firstPoint(hash);
    let isPreferred = true;
    for (let step = 0; step < count; step += 1) {
      const member = this.#members[this.#owners[(start + step) % count] ?? 0];
      if (member === undefined || !mayTake(member)) continue;
      if (member.inFlight <= most) return { member, isPreferred };
      isPreferred = false;
    }
    return undefined;
  }

  /** Returns the index of the first point that is not before `hash`; past the last one the ring begins again. */
  #firstPoint(hash: number): number {
    let low = 0;
    let high = this.#points.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#points[middle] ?? 0) < hash) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
