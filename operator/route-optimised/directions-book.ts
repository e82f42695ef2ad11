/** Owns the directions of each route-optimised endpoint: what its sidecars are told of the traffic and of their peers. */
import { hash } from 'node:crypto';
import type { Directions } from '../../core/routing/directions.ts';
import { labels } from '../../crds/schema/api.ts';
import type { RoutedTraffic, ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { Pod } from '../../kube/kinds.ts';
import { keyOf } from '../../kube/resource.ts';
import { isReady } from '../serving-endpoint/cold-start.ts';
import { dataPort } from '../serving-endpoint/resources/make-sidecar-container.ts';
import { byDeployment } from '../stores.ts';
import type { Informers } from '../stores.ts';

type Followed = {
  readonly [Name in 'endpoints' | 'pods']: Pick<Informers[Name], 'store' | 'onChange'>;
};

/** Every sidecar asks each second: what has not changed is not made again. */
export class DirectionsBook {
  readonly #informers: Followed;
  readonly #made = new Map<string, Directions>();
  readonly #ends: readonly (() => void)[];

  constructor(informers: Followed) {
    this.#informers = informers;
    this.#ends = [
      informers.endpoints.onChange(({ object }) => this.#made.delete(keyOf(object.metadata))),
      informers.pods.onChange(({ object }) => {
        const { namespace, labels: given } = object.metadata ?? {};
        this.#made.delete(keyOf({ namespace, name: given?.[labels.endpoint] ?? '' }));
      }),
    ];
  }

  /** Returns the directions of an endpoint; undefined when its sidecars need none. */
  of(namespace: string, endpoint: string): Directions | undefined {
    const key = keyOf({ namespace, name: endpoint });
    const known = this.#made.get(key);
    if (known !== undefined) return known;
    const object = this.#informers.endpoints.store.get(key);
    if (object?.spec.routeOptimized !== true) return undefined;
    const directions = this.#make(object, namespace);
    this.#made.set(key, directions);
    return directions;
  }

  stop(): void {
    for (const end of this.#ends) end();
  }

  #make({ status }: ServingEndpoint, namespace: string): Directions {
    const routes = (status?.traffic ?? []).map((route) => this.#routeOf(route, namespace));
    return { version: hash('sha256', JSON.stringify(routes), 'hex').slice(0, 16), routes };
  }

  #routeOf(
    { servedEntity, percent, deployment }: RoutedTraffic,
    namespace: string,
  ): Directions['routes'][number] {
    if (deployment === undefined) return { servedEntity, percent, pods: [] };
    const pods = this.#informers.pods.store
      .byIndex(byDeployment, `${namespace}/${deployment}`)
      .flatMap(addressOf)
      .sort((one, other) => (one.host < other.host ? -1 : 1));
    return { servedEntity, percent, deployment, pods };
  }
}

function addressOf(pod: Pod): { host: string; port: number }[] {
  const host = pod.status?.podIP;
  if (host === undefined || pod.metadata?.deletionTimestamp !== undefined || !isReady(pod)) return [];
  return [{ host, port: dataPort }];
}
