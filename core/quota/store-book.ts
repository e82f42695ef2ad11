/**
 * Owns the leader's book of what gateways tell of the store that limits are counted in, and what of it is shown. Times
 * are monotonic ms.
 */

export interface StoreBookOptions {
  /** What gateways tell is shown once it has been so for that long: an answer that is missed is none. */
  readonly settleMs: number;
  /** What is shown stays so for that long at least; and it stays for as long while no gateway tells anything. */
  readonly restMs: number;
  /** Silence after which a gateway is taken to be gone. */
  readonly expiryMs: number;
}

/** How it stands with the store. */
export type StoreState =
  /** There is none, or not every gateway has it, or no gateway tells. */
  | { readonly is: 'unknown' }
  /** It answers every gateway. */
  | { readonly is: 'up' }
  /** It does not answer these gateways, named by their pods in order. */
  | { readonly is: 'down'; readonly gateways: readonly string[] | 'all' };

interface Heard {
  /** Undefined: it has no store. */
  readonly isUp: boolean | undefined;
  readonly at: number;
}

/**
 * Gateways tell how it is each second; each change that is shown is a write to the API server for each endpoint with
 * limits. So what is shown changes late, and not often, whatever the store does.
 */
export class StoreBook {
  readonly #options: StoreBookOptions;
  /** By pod: a gateway that is started anew in it takes the place of the one before. */
  readonly #heard = new Map<string, Heard>();
  #told: { readonly state: StoreState; readonly since: number } | undefined;
  #shown: StoreState | undefined;
  #shownAt = -Infinity;

  constructor(options: StoreBookOptions) {
    this.#options = options;
  }

  /** What is to be shown; undefined: that is not clear yet, and what others have shown before still holds. */
  get shown(): StoreState | undefined {
    return this.#shown;
  }

  /** Takes what a gateway tells: whether its store answers; undefined: it has none. */
  record(pod: string, isUp: boolean | undefined, now: number): void {
    this.#heard.set(pod, { isUp, at: now });
  }

  /** Returns whether what is to be shown has changed; to be called again and again, from when the book is kept. */
  settle(now: number): boolean {
    const { settleMs, restMs, expiryMs } = this.#options;
    for (const [pod, { at }] of this.#heard) if (now - at > expiryMs) this.#heard.delete(pod);
    const state = stateOf(this.#heard);
    if (this.#told === undefined || !isSame(this.#told.state, state)) this.#told = { state, since: now };
    if (this.#shown !== undefined && isSame(this.#shown, state)) return false;
    const lastsMs = this.#heard.size === 0 ? restMs : settleMs;
    if (now - this.#told.since < lastsMs || now - this.#shownAt < restMs) return false;
    this.#shown = state;
    this.#shownAt = now;
    return true;
  }
}

function stateOf(heard: ReadonlyMap<string, Heard>): StoreState {
  const down = [...heard].filter(([, { isUp }]) => isUp === false).map(([pod]) => pod);
  if (down.length > 0) return { is: 'down', gateways: down.length === heard.size ? 'all' : down.sort() };
  const areUp = heard.size > 0 && [...heard.values()].every(({ isUp }) => isUp === true);
  return { is: areUp ? 'up' : 'unknown' };
}

const isSame = (one: StoreState, other: StoreState): boolean => textOf(one) === textOf(other);

const textOf = (state: StoreState): string =>
  state.is === 'down' ? `down ${String(state.gateways)}` : state.is;
