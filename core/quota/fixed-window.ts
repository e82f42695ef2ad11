/** Owns counting of calls in fixed minutes: a request is admitted when every limit that binds it has room left. */
import type { RateLimit } from '../../crds/schema/governance.ts';
import { bindingLimits } from './limits.ts';
import type { BindingLimits, CallLimit, LimitedCaller } from './limits.ts';

export interface LimitRefusal {
  /** `disabled`: a limit of 0 calls shuts the caller out for good; `exceeded`: there is room again in the next minute. */
  readonly kind: 'disabled' | 'exceeded';
  readonly scope: RateLimit['key'];
  readonly calls: number;
  /** Whole seconds, at least 1, until the next minute starts. */
  readonly retryAfterSeconds: number;
}

const windowMs = 60_000;

/** The counters of one endpoint. Minutes are those of the wall clock, so that every proxy starts them together. */
export class CallQuota {
  readonly #limits: readonly RateLimit[];
  readonly #binding = new Map<string, { groups: readonly string[]; limits: BindingLimits }>();
  readonly #counts = new Map<string, number>();
  #window = -1;

  constructor(limits: readonly RateLimit[]) {
    this.#limits = limits.filter((limit) => limit.calls !== undefined);
  }

  /**
   * Takes one call from every counter that binds `caller` and returns undefined, or returns why not and takes nothing.
   * `now` is in milliseconds since the epoch.
   */
  admit(caller: LimitedCaller, now: number): LimitRefusal | undefined {
    if (this.#limits.length === 0) return undefined;
    const window = Math.floor(now / windowMs);
    if (window !== this.#window) this.#startWindow(window);
    const { all, anyOf } = this.#limitsOf(caller);
    const full = all.find((limit) => !this.#hasRoom(limit));
    if (full !== undefined) return refusal(full, now);
    const open = anyOf.filter((limit) => this.#hasRoom(limit));
    const [group] = anyOf;
    if (group !== undefined && open.length === 0) return refusal(group, now);
    for (const limit of all) this.#take(limit);
    for (const limit of open) this.#take(limit);
    return undefined;
  }

  #startWindow(window: number): void {
    this.#window = window;
    this.#counts.clear();
    this.#binding.clear();
  }

  /** Remembered for the minute: which limits bind a caller is asked for each request. */
  #limitsOf(caller: LimitedCaller): BindingLimits {
    const known = this.#binding.get(caller.principal);
    // Two tokens of one user may differ in their groups.
    if (known !== undefined && isSameList(known.groups, caller.groups)) return known.limits;
    const limits = bindingLimits(this.#limits, caller);
    this.#binding.set(caller.principal, { groups: caller.groups, limits });
    return limits;
  }

  #hasRoom(limit: CallLimit): boolean {
    return (this.#counts.get(limit.counter) ?? 0) < limit.calls;
  }

  #take(limit: CallLimit): void {
    this.#counts.set(limit.counter, (this.#counts.get(limit.counter) ?? 0) + 1);
  }
}

const isSameList = (one: readonly string[], other: readonly string[]): boolean =>
  one === other || (one.length === other.length && one.every((entry, index) => entry === other[index]));

function refusal(limit: CallLimit, now: number): LimitRefusal {
  return {
    kind: limit.calls === 0 ? 'disabled' : 'exceeded',
    scope: limit.scope,
    calls: limit.calls,
    retryAfterSeconds: Math.max(1, Math.ceil((windowMs - (now % windowMs)) / 1000)),
  };
}
