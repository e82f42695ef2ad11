/** Owns who is let into a room that is bounded in number and bytes, and who has to make way: whoever has most in it. */

export interface RoomBounds {
  readonly requests: number;
  readonly bytes: number;
}

/** One who is in the room, or wants to be. */
export interface Occupant {
  /** Who shares fairly with the others, e.g. a principal. */
  readonly flow: string;
  readonly bytes: number;
}

interface Share<O> {
  readonly occupants: Set<O>;
  bytes: number;
}

/** What of a share counts: whichever bound is in the way. */
type Measure = 'requests' | 'bytes';

export class FairShares<O extends Occupant> {
  readonly #bounds: RoomBounds;
  readonly #shares = new Map<string, Share<O>>();
  #requests = 0;
  #bytes = 0;

  constructor(bounds: RoomBounds) {
    this.#bounds = bounds;
  }

  get requests(): number {
    return this.#requests;
  }

  get bytes(): number {
    return this.#bytes;
  }

  add(occupant: O): void {
    const share = this.#shares.get(occupant.flow) ?? { occupants: new Set<O>(), bytes: 0 };
    this.#shares.set(occupant.flow, share);
    share.occupants.add(occupant);
    share.bytes += occupant.bytes;
    this.#requests += 1;
    this.#bytes += occupant.bytes;
  }

  remove(occupant: O): void {
    const share = this.#shares.get(occupant.flow);
    if (share?.occupants.delete(occupant) !== true) return;
    share.bytes -= occupant.bytes;
    this.#requests -= 1;
    this.#bytes -= occupant.bytes;
    if (share.occupants.size === 0) this.#shares.delete(occupant.flow);
  }

  /**
   * Returns who has to leave, beside those of `leaving`, for `newcomer` to come in: nobody while there is room, else
   * the newest of whoever has most. Undefined: the newcomer stays out, for nobody would still have at least as much as
   * the newcomer's flow then has.
   */
  planEntry(newcomer: Occupant, leaving: ReadonlySet<O> = new Set()): O[] | undefined {
    const goes = new Set([...leaving].filter((occupant) => this.#holds(occupant)));
    const before = goes.size;
    for (let over = this.#overrun(newcomer, goes); over !== undefined; over = this.#overrun(newcomer, goes)) {
      const victim = this.#victim(newcomer, over, goes);
      if (victim === undefined) return undefined;
      goes.add(victim);
    }
    return [...goes].slice(before);
  }

  #holds(occupant: O): boolean {
    return this.#shares.get(occupant.flow)?.occupants.has(occupant) === true;
  }

  #overrun(newcomer: Occupant, goes: ReadonlySet<O>): Measure | undefined {
    const gone = sumOf(goes);
    if (this.#requests - goes.size + 1 > this.#bounds.requests) return 'requests';
    return this.#bytes - gone + newcomer.bytes > this.#bounds.bytes ? 'bytes' : undefined;
  }

  #victim(newcomer: Occupant, measure: Measure, goes: ReadonlySet<O>): O | undefined {
    let heaviest = '';
    let most = 0;
    for (const flow of this.#shares.keys()) {
      const weight = this.#weight(flow, measure, goes);
      if (weight <= most) continue;
      heaviest = flow;
      most = weight;
    }
    const victim = this.#newest(heaviest, goes);
    if (victim === undefined) return undefined;
    const wanted = this.#weight(newcomer.flow, measure, goes) + weigh(newcomer, measure);
    return most - weigh(victim, measure) >= wanted ? victim : undefined;
  }

  #weight(flow: string, measure: Measure, goes: ReadonlySet<O>): number {
    const share = this.#shares.get(flow);
    if (share === undefined) return 0;
    let weight = measure === 'requests' ? share.occupants.size : share.bytes;
    for (const occupant of goes) if (occupant.flow === flow) weight -= weigh(occupant, measure);
    return weight;
  }

  #newest(flow: string, goes: ReadonlySet<O>): O | undefined {
    return [...(this.#shares.get(flow)?.occupants ?? [])].findLast((occupant) => !goes.has(occupant));
  }
}

const weigh = (occupant: Occupant, measure: Measure): number => (measure === 'requests' ? 1 : occupant.bytes);

function sumOf(occupants: Iterable<Occupant>): number {
  let sum = 0;
  for (const { bytes } of occupants) sum += bytes;
  return sum;
}
