/** Owns how many creations and changes of endpoints a namespace has had lately, counted from what is seen to have happened. */
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { Change } from '../../kube/store.ts';

/**
 * Counts new generations as the watch tells them. Every replica sees the same ones, so that all come to the same number
 * without asking one another; what was refused, dry runs, and changes of metadata and status are never in it.
 */
export class WriteRate {
  readonly #windowMs: number;
  /** By namespace, the oldest first. */
  readonly #times = new Map<string, number[]>();
  #sweptAt = 0;

  constructor(windowMs: number) {
    this.#windowMs = windowMs;
  }

  /** Takes note of a change; `now` in milliseconds since the epoch. */
  observe(change: Change<ServingEndpoint>, now: number): void {
    const { metadata } = change.object;
    if (change.type === 'added') {
      // What was there before this process counts as of its creation; its later changes are not known.
      const created = Date.parse(metadata.creationTimestamp ?? '');
      this.#note(metadata.namespace, Number.isNaN(created) ? now : Math.min(created, now), now);
    } else if (change.type === 'updated') {
      const before = change.previous.metadata.generation ?? 0;
      const steps = Math.max(0, (metadata.generation ?? 0) - before);
      for (let step = 0; step < steps; step += 1) this.#note(metadata.namespace, now, now);
    }
  }

  /** Returns the writes within the window. */
  count(namespace: string, now: number): number {
    return this.#recent(namespace, now).length;
  }

  /** Returns for how long the namespace has `limit` writes or more in the window; 0 where it has fewer. */
  waitMs(namespace: string, limit: number, now: number): number {
    const recent = this.#recent(namespace, now);
    const last = recent.at(-limit);
    return last === undefined ? 0 : last + this.#windowMs - now;
  }

  #note(namespace = '', at: number, now: number): void {
    if (at <= now - this.#windowMs) return;
    this.#sweep(now);
    const times = this.#recent(namespace, now);
    times.push(at);
    // A list tells in no order.
    if (times.length > 1 && at < (times.at(-2) ?? at)) times.sort((a, b) => a - b);
    this.#times.set(namespace, times);
  }

  /** Forgets namespaces that nobody has written to or asked about for a while. */
  #sweep(now: number): void {
    if (now - this.#sweptAt < this.#windowMs) return;
    this.#sweptAt = now;
    for (const namespace of [...this.#times.keys()]) this.#recent(namespace, now);
  }

  #recent(namespace: string, now: number): number[] {
    const times = this.#times.get(namespace) ?? [];
    const first = times.findIndex((time) => time > now - this.#windowMs);
    if (first !== 0) times.splice(0, first === -1 ? times.length : first);
    if (times.length === 0) this.#times.delete(namespace);
    return times;
  }
}
