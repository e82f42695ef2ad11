/** Owns the way to zero of route-optimised endpoints: not before gateways stand in for the sidecars that go. */
import type { ServingEndpoint } from '../../crds/schema/serving-endpoint.ts';
import type { Deployment, EndpointSlice } from '../../kube/kinds.ts';
import { keyOf, refOf } from '../../kube/resource.ts';
import type { Clock } from '../../platform/clock.ts';
import type { OperatorConfig } from '../config/operator-config.ts';
import { controllerUid } from '../ownership.ts';
import { endpointOf } from '../scaling/endpoint-of.ts';
import { byEndpoint } from '../stores.ts';
import type { Stores } from '../stores.ts';
import type { GatewayCertificate } from './gateway-certificate.ts';

export interface LeavingOptions {
  readonly stores: Pick<Stores, 'deployments' | 'endpoints' | 'endpointSlices'>;
  readonly config: Pick<OperatorConfig, 'routeOptimized'>;
  readonly certificate: Pick<GatewayCertificate, 'shownInMs'>;
  readonly clock: Clock;
}

export class Leaving {
  readonly #options: LeavingOptions;
  /** Deployment → endpoint, as keys. */
  readonly #marks = new Map<string, string>();
  #onChange: (endpointKey: string) => void = () => undefined;

  constructor(options: LeavingOptions) {
    this.#options = options;
  }

  /** Calls back with the key of an endpoint that has to be looked at. */
  onChange(listener: (endpointKey: string) => void): void {
    this.#onChange = listener;
  }

  /** Forgets Deployments that are no more. To be called now and then. */
  look(): void {
    for (const [key, endpointKey] of this.#marks) {
      if (this.#options.stores.deployments.store.get(key) !== undefined) continue;
      this.#marks.delete(key);
      this.#onChange(endpointKey);
    }
  }

  /** Whether a Deployment of the endpoint waits to go. */
  has(endpointKey: string): boolean {
    for (const endpoint of this.#marks.values()) if (endpoint === endpointKey) return true;
    return false;
  }

  /** Returns whether a Deployment that has been idle long enough may go to zero now; false: it is asked again. */
  mayGo(deployment: Deployment): boolean {
    const endpoint = endpointOf(this.#options.stores, deployment);
    if (endpoint?.spec.routeOptimized !== true) return true;
    const key = keyOf(refOf(deployment));
    const endpointKey = keyOf(endpoint.metadata);
    if (!this.#marks.has(key)) {
      this.#marks.set(key, endpointKey);
      this.#onChange(endpointKey);
    }
    return this.#isStoodInFor(endpoint);
  }

  /** A Deployment is not to go, or has gone. */
  stays(deployment: Deployment): void {
    if (this.#marks.size === 0) return;
    const key = keyOf(refOf(deployment));
    const endpointKey = this.#marks.get(key);
    if (endpointKey === undefined) return;
    this.#marks.delete(key);
    this.#onChange(endpointKey);
  }

  #isStoodInFor({ metadata }: ServingEndpoint): boolean {
    const { stores, config, clock } = this.#options;
    const now = clock.now();
    const { switchDelay } = config.routeOptimized;
    const standIns = stores.endpointSlices.store
      .byIndex(byEndpoint, keyOf(metadata))
      .filter((slice) => controllerUid(slice) === metadata.uid);
    if (!standIns.some((slice) => createdAt(slice) + switchDelay <= now)) return false;
    return this.#options.certificate.shownInMs(metadata.namespace ?? '') === 0;
  }
}

const createdAt = ({ metadata }: EndpointSlice): number => Date.parse(metadata?.creationTimestamp ?? '');
