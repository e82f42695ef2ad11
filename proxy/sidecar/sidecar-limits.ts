/** Owns the limits that a sidecar applies: as its file says, and within its share where others apply them as well. */
import { EndpointQuota } from '../../core/quota/endpoint-quota.ts';
import { LimitShares } from '../../core/quota/limit-shares.ts';
import type { SidecarConfig } from '../../core/sidecar-config.ts';
import type { WatchedFile } from '../../platform/watched-file.ts';

export class SidecarLimits {
  readonly shares = new LimitShares();
  #limitsKey = '';
  #quota: EndpointQuota | undefined;

  constructor(config: WatchedFile<SidecarConfig>) {
    this.#follow(config.current);
    config.onChange((next) => this.#follow(next));
  }

  /** The counters that are in force; undefined: there are no limits. */
  get current(): EndpointQuota | undefined {
    return this.#quota;
  }

  #follow({ rateLimits: limits, appliesLimits, endpoint }: SidecarConfig): void {
    const key = JSON.stringify([limits, appliesLimits]);
    if (key === this.#limitsKey) return;
    this.#limitsKey = key;
    this.#quota?.stop();
    const label = `${endpoint.namespace}/${endpoint.name}`;
    const isShared = appliesLimits && limits.length > 0;
    this.shares.retainOnly(new Set(isShared ? [label] : []));
    const share = isShared ? { share: this.shares.poolOf(label) } : {};
    this.#quota = limits.length === 0 ? undefined : new EndpointQuota({ limits, label, ...share });
  }
}
