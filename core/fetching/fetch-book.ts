/** Owns what is known of fetches under way, pod by pod, and when whoever shows it is to look again. Times are monotonic ms. */
import type { FetchProgress } from './fetch-progress.ts';

export interface FetchBookOptions {
  /** What is shown of one endpoint changes at most so often. */
  readonly perEndpointMs: number;
  /** Changes of what is shown, of whatever endpoints, are at least so far apart. */
  readonly apartMs: number;
  /** Who tells nothing for so long is forgotten. */
  readonly expiryMs: number;
}

export type PodsProgress = ReadonlyMap<string, FetchProgress>;

interface Heard {
  readonly progress: FetchProgress;
  readonly at: number;
}

interface Page {
  /** By pod: what its sidecar told last. */
  readonly heard: Map<string, Heard>;
  shown: PodsProgress;
  shownAt: number;
  /** When its turn comes; undefined while it has not asked for one. */
  turnAt: number | undefined;
}

const nothing: PodsProgress = new Map();

/**
 * Sidecars tell how far they are each second; each change that is shown is a write to the API server. So what is shown
 * stands still for a while, whoever looks at it, and endpoints whose time has come take turns: a thousand that fetch at
 * once are each shown less often, and none of them never.
 */
export class FetchBook {
  readonly #options: FetchBookOptions;
  readonly #pages = new Map<string, Page>();
  readonly #listeners = new Set<(endpoint: string) => void>();
  #nextTurn = -Infinity;
  #prunedAt = -Infinity;

  constructor(options: FetchBookOptions) {
    this.#options = options;
  }

  /** Calls back with the key of an endpoint when what is shown of it has changed; returns how to end that. */
  onChange(listener: (endpoint: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes what the sidecar of a pod tells; undefined: nothing is fetched there (any more). */
  record(endpoint: string, pod: string, progress: FetchProgress | undefined, now: number): void {
    this.#prune(now);
    const known = this.#pages.get(endpoint);
    if (progress === undefined) {
      // That it is over the pod's own status tells, which has whoever shows it look again.
      if (known !== undefined) forget(known, pod);
      return;
    }
    const page = known ?? { heard: new Map(), shown: nothing, shownAt: -Infinity, turnAt: undefined };
    if (known === undefined) this.#pages.set(endpoint, page);
    page.heard.set(pod, { progress, at: now });
    this.#show(endpoint, page, now);
  }

  /** Returns what is to be shown of an endpoint's pods: the same until listeners are told. */
  shownOf(endpoint: string): PodsProgress {
    return this.#pages.get(endpoint)?.shown ?? nothing;
  }

  #show(endpoint: string, page: Page, now: number): void {
    const { perEndpointMs, apartMs } = this.#options;
    if (now - page.shownAt < perEndpointMs || !hasNews(page)) return;
    if (page.turnAt === undefined) {
      page.turnAt = Math.max(now, this.#nextTurn);
      this.#nextTurn = page.turnAt + apartMs;
    }
    if (now < page.turnAt) return;
    page.turnAt = undefined;
    page.shownAt = now;
    page.shown = new Map([...page.heard].map(([pod, { progress }]) => [pod, progress]));
    for (const listener of this.#listeners) listener(endpoint);
  }

  /** Pods go without a word. A page stays for as long as it says when the endpoint may be shown anew. */
  #prune(now: number): void {
    const { expiryMs, perEndpointMs } = this.#options;
    if (now - this.#prunedAt < expiryMs) return;
    this.#prunedAt = now;
    for (const [endpoint, page] of this.#pages) {
      for (const [pod, { at }] of page.heard) if (now - at > expiryMs) forget(page, pod);
      if (page.heard.size === 0 && now - page.shownAt >= perEndpointMs) this.#pages.delete(endpoint);
    }
  }
}

function forget(page: Page, pod: string): void {
  page.heard.delete(pod);
  if (page.shown.has(pod)) page.shown = new Map([...page.shown].filter(([name]) => name !== pod));
}

function hasNews({ heard, shown }: Page): boolean {
  return [...heard].some(([pod, { progress }]) => {
    const before = shown.get(pod);
    return before?.bytes !== progress.bytes || before.totalBytes !== progress.totalBytes;
  });
}
