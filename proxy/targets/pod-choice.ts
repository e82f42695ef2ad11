/** Owns which of the pods that may be sent requests gets one: those that nothing is held against, by load or by prefix. */
import { pickLeastBusy } from '../../core/routing/least-request.ts';
import { PrefixRing } from '../../core/routing/prefix-ring.ts';
import type { Pod } from './pod.ts';
import type { Affinity } from './traffic-metrics.ts';

/** What a request wishes of the pod that it gets. */
export interface PodWish {
  /** Of its prompt's beginning; undefined: any pod is as good. */
  readonly prefixHash: number | undefined;
  /** Pods that have failed it: others are better, where there are any. */
  readonly tried: readonly Pod[] | undefined;
}

const anyPod = (): boolean => true;

export class PodChoice {
  readonly #now: () => number;
  readonly #onAffinity: (affinity: Affinity) => void;
  #usable: readonly Pod[] = [];
  /** Those of them that nothing is held against. */
  #trusted: readonly Pod[] = [];
  #availableSince: number | undefined;
  /** Until when that stays so by itself. */
  #trustedUntil = Number.POSITIVE_INFINITY;
  #ring: PrefixRing<Pod> | undefined;

  /** `now` gives monotonic milliseconds. */
  constructor(now: () => number, onAffinity: (affinity: Affinity) => void) {
    this.#now = now;
    this.#onAffinity = onAffinity;
  }

  get usable(): readonly Pod[] {
    return this.#usable;
  }

  /** Those that can be sent a request now. */
  get trusted(): readonly Pod[] {
    if (this.#trustedUntil !== Number.POSITIVE_INFINITY && this.#trustedUntil <= this.#now()) this.#judge();
    return this.#trusted;
  }

  /** Since when there has been one; undefined: there is none. */
  get availableSince(): number | undefined {
    return this.trusted.length > 0 ? this.#availableSince : undefined;
  }

  /** Takes `usable` as all that may be sent requests, and looks anew at what is held against them. */
  update(usable: readonly Pod[]): void {
    const isSame =
      usable.length === this.#usable.length && usable.every((pod, at) => pod === this.#usable[at]);
    if (!isSame) {
      this.#usable = usable;
      this.#ring = undefined;
    }
    this.#judge();
  }

  /** Returns one of `pods`, which are trusted ones. */
  pick(pods: readonly Pod[], { prefixHash, tried }: PodWish): Pod | undefined {
    if (tried !== undefined) {
      const others = pods.filter((pod) => !tried.includes(pod));
      return pickLeastBusy(others.length > 0 ? others : pods, Math.random);
    }
    return prefixHash === undefined ? pickLeastBusy(pods, Math.random) : this.#pickByPrefix(prefixHash, pods);
  }

  /** The ring has all that are usable, so that one which is out for a while has its prefixes again afterwards. */
  #pickByPrefix(hash: number, pods: readonly Pod[]): Pod | undefined {
    this.#ring ??= new PrefixRing(this.#usable);
    const picked = this.#ring.pick(hash, pods === this.#usable ? anyPod : (pod) => pods.includes(pod));
    if (picked !== undefined) this.#onAffinity(picked.isPreferred ? 'preferred' : 'next');
    return picked?.member;
  }

  /** A pod that is out for its failures is better than none; one that refuses connections is not. */
  #judge(): void {
    const now = this.#now();
    const suspects = this.#usable.filter(({ suspectUntil }) => suspectUntil > now);
    const reachable =
      suspects.length === 0 ? this.#usable : this.#usable.filter(({ suspectUntil }) => suspectUntil <= now);
    const isAnyOut = reachable.some(({ record }) => record.isOut);
    const well = isAnyOut ? reachable.filter(({ record }) => !record.isOut) : reachable;
    this.#trusted = well.length > 0 ? well : reachable;
    this.#availableSince = reachable.length > 0 ? (this.#availableSince ?? now) : undefined;
    this.#trustedUntil = Math.min(...suspects.map(({ suspectUntil }) => suspectUntil));
  }
}
