/** Owns the Deployments that traffic goes to, and feeds them the pod addresses of EndpointSlices. */
import type { EndpointSlice } from '../../kube/kinds.ts';
import type { Informer } from '../../kube/informer.ts';
import type { OutlierRules } from '../../core/routing/outlier.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Logger } from '../../platform/logging.ts';
import { endpointIdentity } from '../../platform/tls/identity.ts';
import type { WatchedFile } from '../../platform/watched-file.ts';
import type { TlsMaterial } from '../../platform/tls/tls-material.ts';
import { Pool } from '../upstream/pool.ts';
import { DeploymentTarget } from '../targets/deployment-target.ts';
import type { PodAddress } from '../targets/pod.ts';
import type { TrafficMetrics } from '../targets/traffic-metrics.ts';

export const serviceNameLabel = 'kubernetes.io/service-name';
export const serviceIndex = 'service';

/** The port of a pod at which its sidecar takes requests. */
const sidecarPortName = 'https';

/** Shorter than the time that a sidecar keeps idle connections. */
const idleMs = 60_000;

/** Returns the value under which `serviceIndex` finds the slices of a Service. */
export function serviceKeysOf(slice: EndpointSlice): string[] {
  const service = slice.metadata?.labels?.[serviceNameLabel];
  return service === undefined ? [] : [`${slice.metadata?.namespace ?? ''}/${service}`];
}

export interface TargetDirectoryOptions {
  /** Its store needs the index `serviceIndex` by `serviceKeysOf`. */
  readonly slices: Informer<EndpointSlice>;
  readonly tls: WatchedFile<TlsMaterial>;
  readonly trustDomain: string;
  readonly outliers: OutlierRules;
  readonly metrics: TrafficMetrics;
  readonly clock: Clock;
  readonly log: Logger;
}

export class TargetDirectory {
  readonly #options: TargetDirectoryOptions;
  readonly #targets = new Map<string, DeploymentTarget>();
  readonly #stopListening: () => void;

  constructor(options: TargetDirectoryOptions) {
    this.#options = options;
    this.#stopListening = options.slices.onChange(({ object }) => {
      for (const key of serviceKeysOf(object)) this.#feed(key);
    });
    options.tls.onChange(() => {
      for (const target of this.#targets.values()) target.renewConnections();
    });
  }

  /** Returns the target of a Deployment; its headless Service has the same name. */
  targetOf(namespace: string, deployment: string, endpoint: string): DeploymentTarget {
    const key = `${namespace}/${deployment}`;
    const known = this.#targets.get(key);
    if (known !== undefined) return known;
    const { tls, trustDomain, outliers, metrics, clock, log } = this.#options;
    const identity = endpointIdentity(trustDomain, namespace, endpoint);
    const target = new DeploymentTarget({
      namespace,
      endpoint,
      deployment,
      clock,
      log,
      outliers,
      metrics: metrics.of(`${namespace}/${endpoint}`),
      makePool: ({ host, port }) =>
        new Pool({
          host,
          port,
          tls: { secureContext: () => tls.current.secureContext, identity },
          idleMs,
          clock,
        }),
    });
    this.#targets.set(key, target);
    this.#feed(key);
    return target;
  }

  /** Returns how many pods are out of traffic for their failures. */
  ejectedPods(): number {
    let sum = 0;
    for (const { ejected } of this.#targets.values()) sum += ejected;
    return sum;
  }

  /** Forgets the Deployments that `inUse` does not name (`namespace/deployment`). */
  retainOnly(inUse: ReadonlySet<string>): void {
    for (const [key, target] of this.#targets) {
      if (inUse.has(key)) continue;
      this.#targets.delete(key);
      target.setAddresses([]);
    }
  }

  stop(): void {
    this.#stopListening();
    for (const target of this.#targets.values()) target.stop();
    this.#targets.clear();
  }

  #feed(key: string): void {
    const target = this.#targets.get(key);
    target?.setAddresses(this.#options.slices.store.byIndex(serviceIndex, key).flatMap(addressesOf));
  }
}

/** Returns the addresses of the pods that are not going. */
export function addressesOf(slice: EndpointSlice): PodAddress[] {
  const port = slice.ports?.find(({ name }) => name === sidecarPortName)?.port;
  if (port === undefined) return [];
  return (slice.endpoints ?? []).flatMap(({ addresses, conditions }) => {
    const [host] = addresses;
    if (host === undefined || conditions?.terminating === true) return [];
    // Absent means ready (EndpointSlice v1).
    return [{ host, port, ready: conditions?.ready ?? true }];
  });
}
